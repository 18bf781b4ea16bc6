package cli

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// Where loam.yaml has no url, links lead to the port that the system chose, and
// while developing to a name, which a passkey needs.
func TestLinksLeadToTheBoundPort(t *testing.T) {
	plain(t)
	t.Setenv(masterKey, "6f1d0c5b8e2a4397b1c60f7ad93e52841c7b6a90e8d3f5247a1b9c0d4e6f8372")
	client := "auth: { clients: { cli: { redirects: [\"http://127.0.0.1/callback\"] } } }\n"
	for _, test := range []struct{ command, addr, config, want string }{
		{"dev", "127.0.0.1:0", "", "http://localhost:PORT"},
		{"demo", ":0", "", "http://localhost:PORT"},
		{"serve", "127.0.0.1:0", "", "http://127.0.0.1:PORT"},
		{"serve", "localhost:0", "", "http://localhost:PORT"},
		{"serve", ":0", "", "http://127.0.0.1:PORT"},
		{"dev", "127.0.0.1:0", "url: https://app.example.com\n", "https://app.example.com"},
	} {
		dir := folder(t, map[string]string{schemaFile: notes, configFile: client + test.config})
		all := &paper{}
		c := &console{in: strings.NewReader(""), out: all, err: all}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- c.run(ctx, []string{test.command, "--dir", dir, "--data", t.TempDir(), "--addr", test.addr})
		}()
		all.await(t, `(?m)^ready `)
		ready := regexp.MustCompile(`(?m)^ready (http://.*:(\d+))$`).FindStringSubmatch(all.String())
		res, err := http.Get(ready[1] + "/.well-known/openid-configuration")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if want := `"issuer":"` + strings.Replace(test.want, "PORT", ready[2], 1) + `"`; err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s --addr %s: %v: no %s in %s", test.command, test.addr, err, want, body)
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", test.command, err)
		}
	}
}
