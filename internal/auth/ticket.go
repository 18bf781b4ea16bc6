package auth

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/person"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
)

// purpose is what a ticket is good for, and nothing else.
type purpose string

const (
	toConfirm    purpose = "confirm"     // a new user's address
	toReset      purpose = "reset"       // a forgotten password
	toSignIn     purpose = "sign_in"     // without a password
	toLeave      purpose = "change_from" // an address, shown to be theirs at the old one
	toMove       purpose = "change_to"   // and at the new one
	toAdminister purpose = "administer"  // the server, where nobody does; printed, not mailed
	ticketPrefix         = "loamt_"
	ticketSize           = 32 // random bytes of a link's token
	codeDigits           = 6
	maxTries             = 5                  // wrong codes that a ticket bears
	keepTickets          = 7 * 24 * time.Hour // after they have expired: a sign-up may still ask for another mail
)

// lives are how long a ticket of each purpose is good for. A code of six digits
// with five tries is guessed once in 200,000 tickets.
var lives = map[purpose]time.Duration{
	toConfirm: 24 * time.Hour, toReset: 30 * time.Minute, toSignIn: 10 * time.Minute, toLeave: time.Hour, toMove: time.Hour, toAdminister: time.Hour,
}

// Proof is what somebody shows who can read the mail of an address: the token of
// the link, or the code with the address.
type Proof struct {
	Token Secret `json:"token"`
	Email string `json:"email"`
	Code  Secret `json:"code"`
}

// check tells a proof of the wrong form before the database is asked. A token
// that no ticket can have is answered like one that has been used.
func (p *Proof) check() error {
	switch {
	case (p.Token == "") == (p.Code == "" && p.Email == ""):
		return fault.New(fault.AuthBadProof, "send the token of the link, or email and code").At("token")
	case p.Token != "":
		text, ok := strings.CutPrefix(string(p.Token), ticketPrefix)
		if raw, err := tokens.Strict().DecodeString(text); !ok || err != nil || len(raw) != ticketSize {
			return badTicket()
		}
		return nil
	}
	email, err := person.Email(p.Email)
	if err != nil {
		return err
	}
	p.Email = email
	p.Code = Secret(strings.TrimSpace(string(p.Code)))
	if len(p.Code) != codeDigits || strings.Trim(string(p.Code), "0123456789") != "" {
		return fault.New(fault.AuthBadProof, "a code has %d digits", codeDigits).At("code")
	}
	return nil
}

// ticket is a one-time proof that was mailed out.
type ticket struct {
	id    string
	user  string // "" where the address had no account
	email string // that it was mailed to
	data  string // what it is for, beside its purpose
}

// issue makes a ticket and voids the older ones of its purpose and user, or of its
// address where that has no user. What
// is stored opens nothing: a hash of the token, and the code under a key of the
// vault, since six digits are guessed from a hash alone.
func (s *Service) issue(c store.Conn, to purpose, t ticket) (token, code Secret, err error) {
	if _, err := c.Exec(`DELETE FROM "_tickets" WHERE "purpose" = ?1
		AND ("user_id" = ?2 OR ?2 = '' AND "user_id" IS NULL AND "email" = ?3)`, string(to), t.user, t.email); err != nil {
		return "", "", err
	}
	token = Secret(ticketPrefix + tokens.Strict().EncodeToString(random(ticketSize)))
	code = randomCode()
	now := s.now()
	var user any
	if t.user != "" {
		user = t.user
	}
	_, err = c.Exec(`INSERT INTO "_tickets" ("id", "purpose", "user_id", "email", "token", "code", "data", "created_at", "expires_at")
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
		newID(), string(to), user, t.email, tokens.Digest(token), s.codeDigest(to, t.email, code), t.data, stamp(now), stamp(now.Add(lives[to])))
	return token, code, err
}

// redeem uses a ticket up: one update decides who of several redeemers has it.
// refused is not an error of the transaction, because the wrong try that it
// counts must last.
func (s *Service) redeem(c store.Conn, to purpose, p Proof) (t ticket, refused, err error) {
	now := stamp(s.now())
	found := func(r store.Row) error {
		t = ticket{r.Text(0), r.Text(1), r.Text(2), r.Text(3)}
		return nil
	}
	const returning = ` AND "used_at" IS NULL AND "expires_at" > ?1 RETURNING "id", COALESCE("user_id", ''), "email", "data"`
	if p.Token != "" {
		err = c.Query(`UPDATE "_tickets" SET "used_at" = ?1 WHERE "purpose" = ?2 AND "token" = ?3`+returning,
			[]any{now, string(to), tokens.Digest(p.Token)}, found)
	} else {
		err = c.Query(`UPDATE "_tickets" SET "used_at" = ?1 WHERE "purpose" = ?2 AND "email" = ?3 AND "code" = ?4 AND "tries" < ?5`+returning,
			[]any{now, string(to), p.Email, s.codeDigest(to, p.Email, p.Code), maxTries}, found)
	}
	if err != nil || t.id != "" {
		return t, nil, err
	}
	if p.Code != "" {
		_, err = c.Exec(`UPDATE "_tickets" SET "tries" = "tries" + 1 WHERE "purpose" = ?1 AND "email" = ?2 AND "used_at" IS NULL`, string(to), p.Email)
	}
	return t, badTicket(), err
}

// codeDigest is the stored form of a code.
func (s *Service) codeDigest(to purpose, email string, code Secret) string {
	return base64.RawURLEncoding.EncodeToString(s.codes.Sum([]byte(to), []byte(email), []byte(code)))
}

// randomCode is codeDigits digits, each as likely as the others.
func randomCode() Secret {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic("auth: no randomness: " + err.Error())
	}
	return Secret(fmt.Sprintf("%0*d", codeDigits, n.Int64()))
}

func badTicket() *fault.Error {
	return fault.New(fault.AuthBadTicket, "the code or link is wrong, was used, or has expired: ask for a new one")
}
