package auth

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/attempt"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/factor"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
)

// The limits of a challenge.
const (
	challengeLife = 5 * time.Minute
	challengeTry  = 5  // wrong answers that a challenge bears
	challengesMax = 20 // per user; a further sign-in ends the oldest
	challengeMark = "loamc_"
	challengeSize = 32 // random bytes
)

// The kinds of proof that a challenge takes.
const (
	kindTOTP     = "totp"     // the code of an authenticator app
	kindPasskey  = "passkey"  // an assertion
	kindRecovery = "recovery" // one of the codes kept for a lost device
	kindEnrol    = "enrol"    // there is no second factor yet, and there has to be one
)

// Challenge is what signing in answers where one proof is not enough. Its id
// opens nothing by itself: it is no token, and with it goes a proof of one of
// the kinds.
type Challenge struct {
	ID    Secret   `json:"id"`
	Kinds []string `json:"kinds"`
}

// Answer is what a user sends for a challenge: a code (of the app, or a recovery
// code) or a passkey's assertion.
type Answer struct {
	ID      Secret          `json:"id"`
	Code    Secret          `json:"code"`
	Passkey json.RawMessage `json:"passkey"`
}

// ChallengeID names a challenge.
type ChallengeID struct {
	ID Secret `json:"id"`
}

// pendingSignIn is a challenge as it is stored, under the digest of its id.
type pendingSignIn struct {
	hash   string
	user   account
	org    string // that the session would act in
	method Method
	enrol  bool
	data   string // sealed: of a passkey's ceremony, or the secret being enrolled
}

// place is where what is sealed for the challenge belongs.
func (p pendingSignIn) place() string { return "_challenges/" + p.hash }

// challengeTables are the tables of challenges.
func challengeTables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS "_challenges" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"user_id" TEXT NOT NULL REFERENCES "_users" ("id") ON DELETE CASCADE,
			"method" TEXT NOT NULL,
			"enrol" INTEGER NOT NULL,
			"tries" INTEGER NOT NULL DEFAULT 0,
			"data" TEXT NOT NULL DEFAULT '',
			"address" TEXT NOT NULL,
			"created_at" TEXT NOT NULL,
			"expires_at" TEXT NOT NULL,
			"used_at" TEXT
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_challenges_user" ON "_challenges" ("user_id", "created_at")`,
		`CREATE INDEX IF NOT EXISTS "_challenges_expiry" ON "_challenges" ("expires_at")`,
	}
}

// challenge makes the challenge that stands between a first proof and a session,
// or returns nil where one proof is enough.
func (s *Service) challenge(c store.Conn, user account, how Method, from Client) (*Challenge, error) {
	if how == ByPasskey || how == ByAnonymous || how == ByClient || how == ByAdmin {
		return nil, nil // two factors in one, nothing to protect, or proved elsewhere
	}
	company := strings.HasPrefix(string(how), string(ByProvider)+"sso:") // which has factors of its own
	kinds, err := s.kindsDue(c, user, company)
	if err != nil || len(kinds) == 0 {
		return nil, err
	}
	id := Secret(challengeMark + tokens.Strict().EncodeToString(random(challengeSize)))
	now := s.now()
	if _, err := c.Exec(`INSERT INTO "_challenges" ("id", "user_id", "method", "enrol", "address", "created_at", "expires_at")
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`, tokens.Digest(id), user.ID, string(how), kinds[0] == kindEnrol,
		from.network(), stamp(now), stamp(now.Add(challengeLife))); err != nil {
		return nil, err
	}
	_, err = c.Exec(`DELETE FROM "_challenges" WHERE "user_id" = ?1 AND "created_at" <=
		(SELECT "created_at" FROM "_challenges" WHERE "user_id" = ?1 ORDER BY "created_at" DESC LIMIT 1 OFFSET ?2)`, user.ID, challengesMax)
	return &Challenge{id, kinds}, err
}

// kindsDue returns the kinds of proof of which the user owes one after the
// first; none where the first is enough.
func (s *Service) kindsDue(c store.Conn, user account, excused bool) ([]string, error) {
	has, err := s.factors.Of(c, user.ID)
	if err != nil {
		return nil, err
	}
	var kinds []string
	if has.TOTP {
		kinds = append(kinds, kindTOTP)
	} else if due, err := s.owesFactor(c, user); err != nil || !due || excused {
		return nil, err
	}
	if has.Passkeys > 0 && s.factors.Served() == nil {
		kinds = append(kinds, kindPasskey)
	}
	if len(kinds) == 0 {
		return []string{kindEnrol}, nil
	}
	if has.RecoveryCodes > 0 {
		kinds = append(kinds, kindRecovery)
	}
	return kinds, nil
}

// owesFactor tells whether the configuration asks this user for a second factor.
func (s *Service) owesFactor(c store.Conn, user account) (bool, error) {
	switch s.factors.Second {
	case SecondRequired:
		return true, nil
	case SecondAdmins:
		if user.admin {
			return true, nil
		}
		return s.orgs.Leads(c, user.ID)
	}
	return false, nil
}

// AnswerChallenge opens the session that a challenge stands before. Wrong
// answers count on the challenge, on the account and on the network.
func (s *Service) AnswerChallenge(ctx context.Context, in Answer, from Client) (SignedIn, error) {
	if in.Code == "" && in.Passkey == nil {
		return SignedIn{}, fault.New(fault.QueryRequired, "send a code or a passkey's answer").At("code")
	}
	var o opening
	err := s.attemptChallenge(ctx, in.ID, from, func(c store.Conn, p pendingSignIn) (refused, err error) {
		n, err := c.Exec(`UPDATE "_challenges" SET "tries" = "tries" + 1 WHERE "id" = ?1 AND "tries" < ?2`, p.hash, challengeTry)
		if err == nil && n == 0 {
			return challengeEnded(), nil
		}
		if err != nil {
			return nil, err
		}
		codes, refused, err := s.meets(ctx, c, p, in)
		if err != nil || refused != nil {
			return refused, err
		}
		n, err = c.Exec(`UPDATE "_challenges" SET "used_at" = ?1 WHERE "id" = ?2 AND "used_at" IS NULL`, stamp(s.now()), p.hash)
		if err == nil && n == 0 {
			return challengeEnded(), nil
		}
		if err == nil {
			o, err = s.enter(ctx, c, p.user, p.method, from)
			o.codes = codes
		}
		return nil, err
	})
	if err != nil {
		return SignedIn{}, err
	}
	return s.signedIn(ctx, o)
}

// meets tells whether an answer is right: refused where it is not. An answer
// that sets a factor up comes with its recovery codes.
func (s *Service) meets(ctx context.Context, c store.Conn, p pendingSignIn, in Answer) (codes []Secret, refused, err error) {
	switch {
	case p.enrol:
		codes, err = s.enrolled(ctx, c, p, in.Code)
	case in.Passkey != nil:
		err = s.factors.Assert(c, p.user.holder(), p.place(), factor.Assertion{ID: Secret(p.data), Passkey: in.Passkey})
	default:
		err = s.factors.UseCode(c, p.user.ID, in.Code)
	}
	for _, wrong := range []fault.Code{fault.FactorWrongCode, fault.FactorPasskey, fault.FactorOptions, fault.FactorNotFound, fault.FactorExists} {
		if fault.Is(err, wrong) {
			return nil, err, nil
		}
	}
	return codes, nil, err
}

// attemptChallenge runs a check of an answer to a live challenge in one transaction, and
// counts how it ends. What refuses is not the transaction's error, because the
// try that it counts must last.
func (s *Service) attemptChallenge(ctx context.Context, id Secret, from Client, check func(store.Conn, pendingSignIn) (refused, err error)) error {
	end, err := s.attempts.networks.Begin(ctx, from.network())
	if err != nil {
		return err
	}
	result := attempt.Unchecked
	defer func() { end(result) }()
	var p pendingSignIn
	if err := s.engine.Read(ctx, func(c store.Conn) (err error) {
		p, err = s.liveChallenge(c, id)
		return err
	}); err != nil {
		if fault.Is(err, fault.AuthChallenge) {
			result = attempt.Failed
		}
		return wrap("finding a challenge", err)
	}
	endUser, err := s.attempts.accounts.Begin(ctx, factorKey(p.user.ID))
	if err != nil {
		return err
	}
	defer func() { endUser(result) }()
	var refused error
	err = s.engine.Write(ctx, func(c store.Conn) (err error) {
		if p, err = s.liveChallenge(c, id); err == nil {
			refused, err = check(c, p)
		}
		if err == nil && refused != nil {
			who := "user:" + p.user.ID
			err = s.record(ctx, c, audit.Event{Action: "auth.sign_in_failed", Outcome: audit.Failure, Actor: who, Target: who, Org: p.org,
				Details: map[string]any{"method": string(p.method), "reason": "second factor"}})
		}
		return err
	})
	switch {
	case err != nil:
		return wrap("answering a challenge", err)
	case refused != nil:
		result = attempt.Failed
		return refused
	}
	result = attempt.Passed
	return nil
}

// factorKey is what wrong second proofs are counted by: not the address, whose
// count the right password clears.
func factorKey(user string) string { return "factor/" + user }

// liveChallenge returns the challenge of an id, and whose it is.
func (s *Service) liveChallenge(c store.Conn, id Secret) (pendingSignIn, error) {
	p := pendingSignIn{hash: tokens.Digest(id)}
	var user string
	if err := c.Query(`SELECT "user_id", "method", "enrol", "data" FROM "_challenges"
		WHERE "id" = ?1 AND "used_at" IS NULL AND "expires_at" > ?2 AND "tries" < ?3`,
		[]any{p.hash, stamp(s.now()), challengeTry}, func(r store.Row) error {
			user, p.method, p.enrol, p.data = r.Text(0), Method(r.Text(1)), r.Bool(2), r.Text(3)
			return nil
		}); err != nil {
		return p, err
	}
	if user == "" {
		return p, challengeEnded()
	}
	var err error
	if p.user, err = findAccount(c, selectAccount+`WHERE u."id" = ?1`, user); err == nil && p.user.disabled {
		err = disabled()
	}
	if err != nil {
		return p, err
	}
	org, err := s.active(c, p.user.ID, p.user.org)
	p.org = org.id()
	return p, err
}

// EnrolByChallenge gives a user who must have a second factor and has none the
// secret of one. The challenge is answered with the app's first code, and there
// is no session before.
func (s *Service) EnrolByChallenge(ctx context.Context, in ChallengeID) (factor.TOTP, error) {
	var t factor.TOTP
	err := s.engine.Write(ctx, func(c store.Conn) error {
		p, err := s.liveChallenge(c, in.ID)
		if err == nil && !p.enrol {
			err = challengeEnded()
		}
		if err != nil {
			return err
		}
		if t, err = s.factors.NewTOTP(p.user.label()); err != nil {
			return err
		}
		_, err = c.Exec(`UPDATE "_challenges" SET "data" = ?1, "tries" = "tries" + 1 WHERE "id" = ?2`,
			s.factors.Seal(string(t.Secret), p.place()), p.hash)
		return err
	})
	return t, wrap("enrolling a second factor", err)
}

// enrolled sets up the second factor that the challenge has made, if the code
// shows that the app has it.
func (s *Service) enrolled(ctx context.Context, c store.Conn, p pendingSignIn, code Secret) ([]Secret, error) {
	if p.data == "" {
		return nil, fault.New(fault.FactorNotFound, "get a secret from /auth/challenge/enrol first")
	}
	secret, err := s.factors.Open(p.data, p.place())
	if err != nil {
		return nil, err
	}
	codes, err := s.factors.EnrolTOTP(c, p.user.ID, secret, code)
	if err != nil {
		return nil, err
	}
	who := &access.Principal{Kind: access.User, UserID: p.user.ID, Org: p.org}
	return codes, s.recordFactor(ctx, c, who, "auth.factor_added", kindTOTP)
}

// ChallengeOptions begin the answer to a challenge by passkey. The id of its answer
// is the challenge's.
func (s *Service) ChallengeOptions(ctx context.Context, in ChallengeID) (options factor.PasskeyOptions, err error) {
	err = s.engine.Write(ctx, func(c store.Conn) error {
		p, err := s.liveChallenge(c, in.ID)
		if err == nil && p.enrol {
			err = challengeEnded()
		}
		if err != nil {
			return err
		}
		if options, err = s.factors.AssertOptions(c, p.user.holder(), p.place(), false); err != nil {
			return err
		}
		_, err = c.Exec(`UPDATE "_challenges" SET "data" = ?1 WHERE "id" = ?2`, string(options.ID), p.hash)
		options.ID = ""
		return err
	})
	return options, wrap("answering a challenge by passkey", err)
}

func challengeEnded() *fault.Error {
	return fault.New(fault.AuthChallenge, "the challenge was answered, has expired, or had %d wrong answers: sign in again", challengeTry)
}
