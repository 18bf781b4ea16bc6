package outbound

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/fault"
)

// The headers of a webhook.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

const (
	secretPrefix  = "whsec_"
	minKey        = 24 // bytes
	maxKey        = 64
	maxKeys       = 5               // of one secret, while it is rotated
	maxSignatures = 20              // that are compared
	tolerance     = 5 * time.Minute // by which a timestamp may be off
)

// Secret signs webhooks. It can't be printed, logged or encoded. The zero Secret
// signs nothing and verifies nothing.
type Secret struct {
	// A function, because fmt does not ask the methods of an unexported field:
	// it would print the bytes of a Secret that another struct holds.
	keys func() [][]byte
}

// ParseSecret reads "whsec_<base64>", or several with a space between: each of
// them signs, so that the receiver can go over to another without missing one.
func ParseSecret(text string) (Secret, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 || len(fields) > maxKeys {
		return Secret{}, badSecret()
	}
	keys := make([][]byte, len(fields))
	for i, field := range fields {
		encoded, ok := strings.CutPrefix(field, secretPrefix)
		key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
		if !ok || err != nil || len(key) < minKey || len(key) > maxKey {
			return Secret{}, badSecret()
		}
		keys[i] = key
	}
	return Secret{func() [][]byte { return keys }}, nil
}

func badSecret() *fault.Error {
	return fault.New(fault.OutboundSecret, "a webhook secret is whsec_ and %d to %d random bytes in base64, such as `echo whsec_$(openssl rand -base64 32)` prints; at most %d of them with spaces between",
		minKey, maxKey, maxKeys)
}

func (s Secret) each() [][]byte {
	if s.keys == nil {
		return nil
	}
	return s.keys()
}

// Format hides the secret under every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[secret]") }

// LogValue hides the secret in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// MarshalText hides the secret in every encoding.
func (s Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// Sign returns the headers of a webhook: its id, which stays the same when it is
// sent again, the time of this attempt, and a signature for each key.
func Sign(secret Secret, id string, at time.Time, body []byte) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	signatures := make([]string, 0, 1)
	for _, key := range secret.each() {
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(signature(key, id, stamp, body)))
	}
	return http.Header{headerID: {id}, headerTimestamp: {stamp}, headerSignature: {strings.Join(signatures, " ")}}
}

func signature(key []byte, id, stamp string, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "%s.%s.", id, stamp)
	h.Write(body)
	return h.Sum(nil)
}

// Verify tells whether a webhook was signed with the secret, lately. Whoever
// acts on one still has to see to it that no id counts twice.
func Verify(secret Secret, header http.Header, body []byte, now time.Time) error {
	id, stamp := header.Get(headerID), header.Get(headerTimestamp)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if id == "" || err != nil || stamp != strconv.FormatInt(seconds, 10) {
		return badSignature("it lacks %s or %s", headerID, headerTimestamp)
	}
	if at := time.Unix(seconds, 0); at.Before(now.Add(-tolerance)) || at.After(now.Add(tolerance)) {
		return badSignature("its timestamp is off by more than %s", tolerance)
	}
	shown := strings.Fields(header.Get(headerSignature))
	for _, key := range secret.each() {
		want := signature(key, id, stamp, body)
		for _, text := range shown[:min(len(shown), maxSignatures)] {
			encoded, ok := strings.CutPrefix(text, "v1,")
			got, err := base64.StdEncoding.DecodeString(encoded)
			if ok && err == nil && hmac.Equal(got, want) {
				return nil
			}
		}
	}
	return badSignature("no signature fits")
}

func badSignature(format string, args ...any) *fault.Error {
	return fault.New(fault.OutboundSignature, "the webhook is not accepted: %s", fmt.Sprintf(format, args...))
}
