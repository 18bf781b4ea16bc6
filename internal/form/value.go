package form

import (
	"encoding/json"
	"fmt"
	"math"
	"net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The form of a DateTime and of a Time as stored: of one width, so that the
// order of the texts is the order of the times.
const (
	DateTimeLayout = "2006-01-02T15:04:05.000Z"
	TimeLayout     = "15:04:05.000"
	DateLayout     = "2006-01-02"
)

// Stamp is the stored form of a time.
func Stamp(t time.Time) string { return t.UTC().Format(DateTimeLayout) }

// AppendStamp appends it.
func AppendStamp(b []byte, t time.Time) []byte { return t.UTC().AppendFormat(b, DateTimeLayout) }

const mostDigits = 400 // of a JSON number

// Control tells of the characters that no text of one line has.
func Control(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

// numeral is the text of a number.
func numeral(v any, text bool) (string, bool) {
	s := ""
	switch v := v.(type) {
	case json.Number:
		s = string(v)
	case string:
		if text {
			s = v
		}
	case int, int64, float64:
		s = fmt.Sprint(v)
	}
	return s, IsNumber(s)
}

// Integer takes whole numbers, 3.0 included as JSON does not tell them apart.
func Integer(v any, text bool) (int64, bool) {
	s, ok := numeral(v, text)
	if !ok {
		return 0, false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(s, 64)
	return int64(f), err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53
}

// Number takes any number that a float64 has room for.
func Number(v any, text bool) (any, bool) {
	s, ok := numeral(v, text)
	if !ok {
		return nil, false
	}
	f, err := strconv.ParseFloat(s, 64) // out of range is an error
	if f == 0 {
		f = 0 // no negative zero: it would differ as text and be equal as number
	}
	return f, err == nil
}

// IsNumber tells whether s is a number as JSON writes them.
func IsNumber(s string) bool {
	return s != "" && len(s) <= mostDigits && (s[0] == '-' || s[0] >= '0' && s[0] <= '9') && json.Valid([]byte(s))
}

// Date takes 2006-01-02.
func Date(s string) (any, bool) {
	if len(s) != len(DateLayout) {
		return nil, false
	}
	t, err := time.Parse(DateLayout, s)
	return s, err == nil && t.Year() >= 1
}

// Time takes 14:30, 14:30:00 and 14:30:00.5, with an offset in UTC.
func Time(s string) (any, bool) {
	if len(s) < 5 || len(s) > 24 || s[2] != ':' || strings.ContainsRune(s, ',') {
		return nil, false
	}
	for _, layout := range []string{"15:04:05", "15:04", "15:04:05Z07:00", "15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Format(TimeLayout), true
		}
	}
	return nil, false
}

// DateTime takes RFC 3339, with or without seconds.
func DateTime(s string) (any, bool) {
	if len(s) < len("2006-01-02T15:04Z") || len(s) > 40 || s[10] != 'T' || s[13] != ':' || strings.ContainsRune(s, ',') {
		return nil, false
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04Z07:00", s)
	}
	t = t.UTC()
	return t.Format(DateTimeLayout), err == nil && t.Year() >= 1 && t.Year() <= 9999
}

// Email takes an address as it stands, without a name.
func Email(s string) (any, bool) {
	if strings.ContainsAny(s, "[]<>\" ") || strings.ContainsFunc(s, Control) {
		return nil, false
	}
	a, err := mail.ParseAddress(s)
	return s, err == nil && a.Name == "" && a.Address == s
}

// URL takes addresses that a browser may follow: no javascript: and
// no data:.
func URL(s string) (any, bool) {
	if strings.ContainsFunc(s, Control) || strings.ContainsRune(s, ' ') {
		return nil, false
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https", "ws", "wss", "ftp", "ftps", "sftp", "s3":
		return s, u.Hostname() != ""
	case "mailto", "tel":
		return s, u.Opaque != ""
	}
	return nil, false
}

// Phone takes E.164, spaces and punctuation between the digits dropped.
func Phone(s string) (any, bool) {
	if len(s) > 40 || !strings.HasPrefix(s, "+") {
		return nil, false
	}
	digits := strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "").Replace(s[1:])
	if len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return nil, false
	}
	for _, r := range digits {
		if r < '0' || r > '9' {
			return nil, false
		}
	}
	return "+" + digits, true
}

// IPAddress takes an address or a block of them.
func IPAddress(s string) (any, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.String(), a.Zone() == ""
	}
	p, err := netip.ParsePrefix(s)
	return p.String(), err == nil
}
