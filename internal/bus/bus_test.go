package bus_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/loam-dev/loam/internal/bus"
	"github.com/loam-dev/loam/internal/bus/bustest"
	"github.com/loam-dev/loam/internal/fault"
)

const soon = time.Minute

// log is what was logged.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *log) count(what string) int { return strings.Count(l.String(), what) }

// member is a bus with what it logs.
type member struct {
	*bus.Bus
	t   *testing.T
	log *log
}

func join(t *testing.T, o bus.Options) member {
	t.Helper()
	l := &log{}
	o.Log = slog.New(slog.NewTextHandler(l, nil))
	if o.Subject == "" {
		o.Subject = "loam.one"
	}
	b, err := bus.Join(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return member{b, t, l}
}

func (m member) until(up bool) {
	m.t.Helper()
	for began := time.Now(); m.Up() != up; time.Sleep(time.Millisecond) {
		if time.Since(began) > soon {
			m.t.Fatalf("up is not %v\n%s", up, m.log)
		}
	}
}

// hears tells whether it is told within a time.
func (m member) hears(within time.Duration) bool {
	select {
	case <-m.Heard():
		return true
	case <-time.After(within):
		return false
	}
}

// fresh is up, and has nothing to hear.
func (m member) fresh() {
	m.t.Helper()
	m.until(true)
	for m.hears(50 * time.Millisecond) {
	}
}

// reaches has one ring until the other hears: it may have joined a moment ago.
func (m member) reaches(other member) {
	m.t.Helper()
	for began := time.Now(); time.Since(began) < soon; {
		if m.Ring() && other.hears(50*time.Millisecond) {
			return
		}
	}
	m.t.Fatalf("it is not heard\n%s\n%s", m.log, other.log)
}

// Who rings is heard by those of its subject, and by nobody else; what is no message of
// theirs is heard by nobody.
func TestRings(t *testing.T) {
	at := bustest.Start(t, nil)
	a, b := join(t, bus.Options{URL: at.URL()}), join(t, bus.Options{URL: "127.0.0.1:1, " + at.Address()})
	other := join(t, bus.Options{URL: at.URL(), Subject: "loam.two"})
	a.until(true)
	b.until(true)
	a.reaches(b)
	for _, m := range []member{a, b, other} {
		m.fresh()
	}
	if !a.Ring() || !b.hears(soon) {
		t.Error("it is not heard")
	}
	if a.hears(50*time.Millisecond) || other.hears(0) {
		t.Error("it is heard where it should not be")
	}
	stranger, err := nats.Connect(at.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	ignored := b.Stats().Ignored
	for _, payload := range []string{"", "loam/2", "loam/1 ", strings.Repeat("loam/1", 1000), strings.Repeat("x", 1<<20)} {
		if err := stranger.Publish("loam.one", []byte(payload)); err != nil {
			t.Fatal(err)
		}
	}
	if err := stranger.Flush(); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); b.Stats().Ignored < ignored+5; time.Sleep(time.Millisecond) {
		if time.Since(began) > soon {
			t.Fatalf("%+v", b.Stats())
		}
	}
	if b.hears(0) {
		t.Error("it listens to strangers")
	}
	a.reaches(b)
}

// A server that is stopped, or not there yet, is waited for by itself; each loss is said
// once.
func TestComesBack(t *testing.T) {
	at := bustest.Start(t, nil)
	at.Stop()
	a, b := join(t, bus.Options{URL: at.URL()}), join(t, bus.Options{URL: at.URL()})
	for began := time.Now(); a.log.count("NATS can't be reached") == 0; time.Sleep(time.Millisecond) {
		if time.Since(began) > soon {
			t.Fatal("it is not said")
		}
	}
	if a.Ring() {
		t.Error("nobody can be reached, and it rings")
	}
	at.Again()
	a.until(true)
	b.until(true)
	a.reaches(b)
	at.Stop()
	a.until(false)
	if a.Ring() {
		t.Error("nobody can be reached, and it rings")
	}
	at.Again()
	a.until(true)
	b.until(true)
	a.reaches(b)
	b.reaches(a)
	if n := a.log.count("level=WARN"); n > 2 || a.Stats().Losses == 0 {
		t.Errorf("%d losses\n%s", a.Stats().Losses, a.log)
	}
}

// A link that takes what is sent and says nothing is given up.
func TestSilenceIsNoticed(t *testing.T) {
	at := bustest.Start(t, nil)
	link := bustest.NewLink(t, at.Address())
	a, b := join(t, bus.Options{URL: link.URL()}), join(t, bus.Options{URL: at.URL()})
	a.until(true)
	b.until(true)
	a.reaches(b)
	link.Silence()
	a.until(false) // about three seconds
	link.Heal()
	a.until(true)
	a.reaches(b)
	b.reaches(a)
}

// Whoever NATS does not let in, or not do what a bus does, says so and is not up; once
// it does, all goes on.
func TestIsLetIn(t *testing.T) {
	users := func(password string, rights *server.Permissions) func(*server.Options) {
		return func(o *server.Options) {
			o.Users = []*server.User{{Username: "loam", Password: password, Permissions: rights}}
		}
	}
	one := &server.SubjectPermission{Allow: []string{"loam.>"}}
	at := bustest.Start(t, users("right", &server.Permissions{Publish: one, Subscribe: one}))
	with := func(user string) string { return strings.Replace(at.URL(), "//", "//"+user+"@", 1) }
	a, b := join(t, bus.Options{URL: with("loam:right")}), join(t, bus.Options{URL: with("loam:right")})
	a.until(true)
	b.until(true)
	a.reaches(b)
	wrong := join(t, bus.Options{URL: with("loam:wrong")})
	elsewhere := join(t, bus.Options{URL: with("loam:right"), Subject: "desk.one"})
	for began := time.Now(); wrong.log.count("NATS can't be reached") == 0 || elsewhere.log.count("does not let this server") == 0; time.Sleep(time.Millisecond) {
		if time.Since(began) > soon {
			t.Fatalf("%s\n%s", wrong.log, elsewhere.log)
		}
	}
	if wrong.Ring() || elsewhere.Ring() {
		t.Error("who is not let in rings")
	}
	at.Stop()
	at.Configure(users("wrong", nil))
	at.Again()
	wrong.until(true)
	a.until(false)
	if text := wrong.log.String() + a.log.String(); strings.Contains(text, "wrong") || strings.Contains(text, "right") {
		t.Errorf("a password is logged\n%s", text)
	}
}

// A file of credentials with a JWT opens a server that trusts an operator, and one of
// another operator's does not. What is in testdata is good for nothing else, and for ever.
func TestHasAJWT(t *testing.T) {
	trust, err := server.ProcessConfigFile("testdata/operator.conf")
	if err != nil {
		t.Fatal(err)
	}
	at := bustest.Start(t, func(o *server.Options) {
		trust.Host, trust.Port, trust.NoLog, trust.NoSigs = o.Host, o.Port, o.NoLog, o.NoSigs
		*o = *trust
	})
	a, b := join(t, bus.Options{URL: at.URL(), Credentials: "testdata/loam.creds"}), join(t, bus.Options{URL: at.URL(), Credentials: "testdata/loam.creds"})
	a.until(true)
	b.until(true)
	a.reaches(b)
	b.reaches(a)
	stranger, nobody := join(t, bus.Options{URL: at.URL(), Credentials: "testdata/stranger.creds"}), join(t, bus.Options{URL: at.URL()})
	for began := time.Now(); stranger.log.count("NATS can't be reached") == 0 || nobody.log.count("NATS can't be reached") == 0; time.Sleep(time.Millisecond) {
		if time.Since(began) > soon {
			t.Fatalf("%s\n%s", stranger.log, nobody.log)
		}
	}
	if stranger.Up() || nobody.Up() {
		t.Error("who is not let in is up")
	}
}

// TLS by an authority of one's own, and a certificate for the client.
func TestSpeaksTLS(t *testing.T) {
	dir := t.TempDir()
	certificate, key := selfSigned(t, dir)
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(pair.Leaf)
	at := bustest.Start(t, func(o *server.Options) {
		o.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}
		o.TLSTimeout = 5
	})
	url := "tls://" + at.Address()
	a := join(t, bus.Options{URL: url, CA: certificate, Certificate: certificate, Key: key})
	b := join(t, bus.Options{URL: url, CA: certificate, Certificate: certificate, Key: key})
	stranger := join(t, bus.Options{URL: url, Certificate: certificate, Key: key})
	a.until(true)
	b.until(true)
	a.reaches(b)
	for began := time.Now(); stranger.log.count("unknown authority") == 0; time.Sleep(time.Millisecond) {
		if time.Since(began) > soon {
			t.Fatal(stranger.log.String())
		}
	}
	if stranger.Up() {
		t.Error("a server is trusted that nobody vouches for")
	}
}

func TestRefusesOptions(t *testing.T) {
	for _, o := range []bus.Options{
		{URL: ""}, {URL: "http://127.0.0.1:4222"}, {URL: "nats://"}, {URL: "nats://a:4222,"}, {URL: "nats://secret:%zz@a"},
		{URL: "nats://a", Credentials: "/nowhere"}, {URL: "nats://a", CA: "/nowhere"}, {URL: "nats://a", Certificate: "/nowhere"},
	} {
		b, err := bus.Join(o)
		if !fault.Is(err, fault.BusSettings) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", o, err)
		}
		if b != nil {
			b.Close()
		}
	}
}

// selfSigned makes a certificate and its key.
func selfSigned(t *testing.T, dir string) (certificate, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	from := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	public, err := x509.CreateCertificate(rand.Reader, from, from, &secret.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("certificate", "CERTIFICATE", public), write("key", "PRIVATE KEY", private)
}
