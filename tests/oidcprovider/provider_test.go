// Package oidcprovider_test signs in with the real binary by openid-client from npm,
// a certified client of OpenID Connect: discovery, codes with PKCE, tokens, userinfo,
// refresh, revocation, introspection and sign-out.
package oidcprovider_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const model = `type Note @model @auth(rules: [{ allow: owner }]) { text: String }`

const project = `
url: http://%s
auth:
  clients:
    shop:
      secret: ${SHOP_SECRET}
      redirects: [https://shop.example/callback]
      logoutRedirects: [https://shop.example/bye]
    cli:
      name: Notes for the command line
      redirects: [http://127.0.0.1/callback]
    narrow:
      redirects: [https://narrow.example/callback]
      scopes: [openid]
`

// patience is how long a start may take; machines that test are slow.
const patience = time.Minute

func TestOpenIDClient(t *testing.T) {
	if _, err := os.Stat("node_modules/openid-client"); err != nil {
		t.Fatal("run make node first: openid-client is not installed")
	}
	t.Setenv("SHOP_SECRET", "0123456789abcdef 0123456789abcdef:%/+=")
	address := free(t)
	serve(t, address)
	if out, err := exec.CommandContext(t.Context(), "node", "party.mjs", "http://"+address).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// free is an address that nobody listens at: the issuer has to be known before the
// server starts.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// serve builds loam and runs it on a project of its own.
func serve(t *testing.T, address string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"schema.graphql": model, "loam.yaml": fmt.Sprintf(project, address)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("../../scripts/loam.sh")
	build.Stderr = os.Stderr
	loam, err := build.Output()
	if err != nil {
		t.Fatal("building loam: ", err)
	}
	var out bytes.Buffer // read once the process has ended
	cmd := exec.Command(strings.TrimSpace(string(loam)), "dev", "--dir", dir, "--addr", address)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	for began := time.Now(); time.Since(began) < patience; time.Sleep(10 * time.Millisecond) {
		if r, err := http.Get("http://" + address + "/readyz"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
	}
	t.Fatalf("not ready after %s", patience)
}
