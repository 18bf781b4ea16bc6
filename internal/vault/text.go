package vault

import (
	"fmt"
	"log/slog"
)

// Text is a token, a code or a password on its way through the doors: encoded as
// itself in JSON, but never printed or logged.
type Text string

// Format hides the secret under every verb of fmt.
func (t Text) Format(f fmt.State, _ rune) { fmt.Fprint(f, hidden) }

// LogValue hides the secret in logs.
func (t Text) LogValue() slog.Value { return slog.StringValue(hidden) }
