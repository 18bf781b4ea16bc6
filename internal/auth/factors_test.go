package auth

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/factor"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

const codesMade = 10 // recovery codes at a time

// code is what the app with the secret shows now, or so many seconds from now.
func (p *place) code(secret Secret, later time.Duration) Secret {
	p.Helper()
	code, err := totp.GenerateCode(string(secret), p.clock().Add(later))
	if err != nil {
		p.Fatal(err)
	}
	return Secret(code)
}

// wrong is a code that the app shows at no time close to now.
func (p *place) wrong(secret Secret) Secret {
	for _, code := range []Secret{"000000", "111111", "222222", "333333"} {
		if !slices.Contains([]Secret{p.code(secret, 0), p.code(secret, 30*time.Second), p.code(secret, -30*time.Second)}, code) {
			return code
		}
	}
	p.Fatal("four codes in three steps")
	return ""
}

// enrol gives a user an authenticator app. The clock moves on past the code that
// confirmed it.
func (p *place) enrol(s Session) (secret Secret, codes []Secret) {
	p.Helper()
	t, err := p.BeginTOTP(context.Background(), p.who(s))
	if err != nil {
		p.Fatal(err)
	}
	confirmed, err := p.ConfirmTOTP(context.Background(), p.who(s), Code{p.code(t.Secret, 0)})
	if err != nil {
		p.Fatal(err)
	}
	p.wait(2 * 30 * time.Second)
	return t.Secret, confirmed.Codes
}

// challenged signs in by password and returns the challenge that must come.
func (p *place) challenged(name string) Challenge {
	p.Helper()
	in, err := p.SignIn(context.Background(), SignIn{name + "@example.com", rightPassword}, Client{})
	if err != nil {
		p.Fatal(err)
	}
	if in.Session != nil || in.Challenge == nil {
		p.Fatalf("signing in answers %+v", in)
	}
	return *in.Challenge
}

func (p *place) answerCode(c Challenge, code Secret) error {
	_, err := p.AnswerChallenge(context.Background(), Answer{ID: c.ID, Code: code}, Client{})
	return err
}

func TestTOTPStandsBeforeTheSession(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	session := p.signUp("ada")
	secret, codes := p.enrol(session)
	if len(codes) != codesMade {
		t.Errorf("%d recovery codes", len(codes))
	}
	c := p.challenged("ada")
	if !slices.Equal(c.Kinds, []string{kindTOTP, kindRecovery}) {
		t.Errorf("the kinds are %v", c.Kinds)
	}
	is(t, "a wrong code", p.answerCode(c, p.wrong(secret)), fault.FactorWrongCode)
	in, err := p.AnswerChallenge(ctx, Answer{ID: c.ID, Code: p.code(secret, 0)}, Client{})
	if err != nil {
		t.Fatal(err)
	}
	if p.who(*in.Session).UserID != session.User.ID || in.RecoveryCodes != nil {
		t.Errorf("the answer is %+v", in)
	}
	is(t, "the challenge once more", p.answerCode(c, p.code(secret, 30*time.Second)), fault.AuthChallenge)
	is(t, "no such challenge", p.answerCode(Challenge{ID: "loamc_x"}, "123456"), fault.AuthChallenge)
	is(t, "no code", p.answerCode(c, ""), fault.QueryRequired)
	_, err = p.BeginTOTP(ctx, p.who(*in.Session))
	is(t, "a second app", err, fault.FactorExists)

	is(t, "removing", p.RemoveTOTP(ctx, p.who(*in.Session)), "")
	is(t, "removing again", p.RemoveTOTP(ctx, p.who(*in.Session)), fault.FactorNotFound)
	if n := p.count(`SELECT COUNT(*) FROM "_recovery_codes"`); n != 0 {
		t.Errorf("%d recovery codes are left", n)
	}
	p.must(p.signIn("ada@example.com", rightPassword))
}

// TestCodesOfNeighbouringSteps: a phone's clock may be off by a step, and a step
// that was used is over with all before it.
func TestCodesOfNeighbouringSteps(t *testing.T) {
	p, _ := newPlace(t)
	secret, _ := p.enrol(p.signUp("ada"))
	for _, c := range []struct {
		what  string
		later time.Duration
		want  fault.Code
	}{
		{"two steps behind", -60 * time.Second, fault.FactorWrongCode},
		{"a step behind", -30 * time.Second, ""},
		{"two steps ahead", 60 * time.Second, fault.FactorWrongCode},
		{"a step ahead", 30 * time.Second, ""},
		{"now, after the one ahead", 0, fault.FactorWrongCode},
	} {
		is(t, c.what, p.answerCode(p.challenged("ada"), p.code(secret, c.later)), c.want)
	}
}

// TestAttack019_CodesOnce answers 20 challenges with one code at once.
func TestAttack019_CodesOnce(t *testing.T) {
	p, _ := newPlace(t)
	secret, codes := p.enrol(p.signUp("ada"))
	for _, code := range []Secret{p.code(secret, 0), codes[3]} {
		challenges := make([]Challenge, 20)
		for i := range challenges {
			challenges[i] = p.challenged("ada")
		}
		p.attempts = newAttempts(config.SignInLimits{Free: 1 << 20, PerNetwork: 1 << 20, LongestWait: time.Second}, p.clock, nil) // the limiter would hide that codes are used once
		got := together(len(challenges), func(i int) error { return p.answerCode(challenges[i], code) })
		if got[""] != 1 || got[fault.FactorWrongCode] != len(challenges)-1 {
			t.Errorf("the answers are %v", got)
		}
	}
	// One challenge with two good codes at once is one session.
	p.wait(time.Minute)
	c := p.challenged("ada")
	got := together(2, func(i int) error { return p.answerCode(c, []Secret{codes[5], p.code(secret, 0)}[i]) })
	if got[""] != 1 || got[fault.AuthChallenge] != 1 {
		t.Errorf("the answers are %v", got)
	}
}

// TestAttack020_WrongCodes: five wrong codes end a challenge, and the right password
// in between clears nothing.
func TestAttack020_WrongCodes(t *testing.T) {
	p, _ := newPlace(t)
	secret, _ := p.enrol(p.signUp("ada"))
	c := p.challenged("ada")
	for range 3 {
		is(t, "a wrong code", p.answerCode(c, p.wrong(secret)), fault.FactorWrongCode)
	}
	c = p.challenged("ada")
	for range 2 {
		is(t, "a wrong code", p.answerCode(c, p.wrong(secret)), fault.FactorWrongCode)
	}
	c = p.challenged("ada")
	is(t, "the sixth", p.answerCode(c, p.wrong(secret)), fault.AuthTooMany)
	is(t, "the right one, too early", p.answerCode(c, p.code(secret, 0)), fault.AuthTooMany)
	p.wait(2 * time.Second)
	is(t, "the right one", p.answerCode(c, p.code(secret, 0)), "")

	p.wait(time.Minute)
	c = p.challenged("ada")
	for range challengeTry {
		p.wait(20 * time.Second)
		is(t, "a wrong code", p.answerCode(c, p.wrong(secret)), fault.FactorWrongCode)
	}
	p.wait(20 * time.Second)
	is(t, "the right one after five", p.answerCode(c, p.code(secret, 0)), fault.AuthChallenge)
}

// TestAttack020_ChallengeIsNoToken: what a half-way sign-in holds opens no door,
// and not for long.
func TestAttack020_ChallengeIsNoToken(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	session := p.signUp("ada")
	secret, _ := p.enrol(session)
	c := p.challenged("ada")
	_, err := p.Verify(ctx, string(c.ID))
	is(t, "as an access token", err, fault.AuthBadToken)
	_, err = p.refreshed(c.ID)
	is(t, "as a refresh token", err, fault.AuthBadToken)
	_, err = p.VerifyKey(ctx, string(c.ID))
	is(t, "as an API key", err, fault.AuthBadKey)
	_, err = p.EnrolByChallenge(ctx, ChallengeID{c.ID})
	is(t, "to set up another factor", err, fault.AuthChallenge)
	if n := p.count(`SELECT COUNT(*) FROM "_sessions"`); n != 1 {
		t.Errorf("%d sessions", n)
	}
	p.wait(challengeLife)
	is(t, "too late", p.answerCode(c, p.code(secret, 0)), fault.AuthChallenge)
	if _, err := p.Prune(ctx); err != nil {
		t.Fatal(err)
	}
	if n := p.count(`SELECT COUNT(*) FROM "_challenges"`); n != 0 {
		t.Errorf("%d challenges are left", n)
	}
	c = p.challenged("ada")
	is(t, "disabling", p.SetDisabled(ctx, session.User.ID, true), "")
	is(t, "a disabled user", p.answerCode(c, p.code(secret, 0)), fault.AuthChallenge)
}

func TestChallengesAreBounded(t *testing.T) {
	p, _ := newPlace(t)
	p.enrol(p.signUp("ada"))
	for range challengesMax + 5 {
		p.wait(time.Millisecond)
		p.challenged("ada")
	}
	if n := p.count(`SELECT COUNT(*) FROM "_challenges"`); n != challengesMax {
		t.Errorf("%d challenges", n)
	}
}

func TestRecoveryCodes(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	session := p.signUp("ada")
	_, err := p.RenewRecoveryCodes(ctx, p.who(session))
	is(t, "codes for nothing", err, fault.FactorNotFound)
	_, codes := p.enrol(session)
	sloppy := Secret(strings.ToUpper(strings.ReplaceAll(string(codes[0]), "-", " ")))
	is(t, "a code as people type it", p.answerCode(p.challenged("ada"), sloppy), "")
	is(t, "the same again", p.answerCode(p.challenged("ada"), codes[0]), fault.FactorWrongCode)
	has, err := p.ListFactors(ctx, p.who(session))
	if err != nil || !has.TOTP || has.RecoveryCodes != codesMade-1 {
		t.Errorf("the factors are %+v %v", has, err)
	}
	other := p.signUp("eve")
	p.enrol(other)
	is(t, "another's code", p.answerCode(p.challenged("eve"), codes[1]), fault.FactorWrongCode)
	renewed, err := p.RenewRecoveryCodes(ctx, p.who(session))
	if err != nil {
		t.Fatal(err)
	}
	is(t, "an old code", p.answerCode(p.challenged("ada"), codes[1]), fault.FactorWrongCode)
	is(t, "a new code", p.answerCode(p.challenged("ada"), renewed.Codes[1]), "")
	if strings.Contains(storetest.Dump(t, p.engine), strings.ReplaceAll(string(renewed.Codes[2]), "-", "")) {
		t.Error("a recovery code is stored as it is")
	}
}

// TestWhoOwesASecondFactor: by policy, by user and by how they came.
func TestWhoOwesASecondFactor(t *testing.T) {
	p, _ := newPlace(t)
	owner, member := p.team()
	alone := p.signUp("alone")
	admin := p.signUp("admin")
	is(t, "making an admin", p.SetAdmin(context.Background(), admin.User.ID, true), "")
	secured := p.signUp("secured")
	p.enrol(secured)
	enrol, own := []string{kindEnrol}, []string{kindTOTP, kindRecovery}
	for _, c := range []struct {
		policy SecondFactor
		who    Session
		how    Method
		want   []string
	}{
		{SecondOptional, owner, ByPassword, nil},
		{SecondOptional, secured, ByPassword, own},
		{SecondOptional, secured, ByEmail, own},
		{SecondOptional, secured, ByProvider + "google", own},
		{SecondOptional, secured, ByProvider + "sso:acme", own}, // whoever has an app is asked for it
		{SecondOptional, secured, ByPasskey, nil},
		{SecondAdmins, owner, ByPassword, enrol},
		{SecondAdmins, member, ByPassword, nil},
		{SecondAdmins, alone, ByPassword, nil},
		{SecondAdmins, admin, ByPassword, enrol},
		{SecondAdmins, secured, ByPassword, own},
		{SecondRequired, alone, ByPassword, enrol},
		{SecondRequired, alone, ByEmail, enrol},
		{SecondRequired, alone, ByProvider + "sso:acme", nil},
		{SecondRequired, alone, ByAnonymous, nil},
		{"", alone, ByPassword, nil},
	} {
		p.factors.Second = c.policy
		var got *Challenge
		if err := p.engine.Write(context.Background(), func(conn store.Conn) (err error) {
			got, err = p.challenge(conn, account{User: c.who.User, admin: c.who.User == admin.User}, c.how, Client{})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if got == nil && c.want != nil || got != nil && !slices.Equal(got.Kinds, c.want) {
			t.Errorf("%q, %s by %s: %+v, want %v", c.policy, c.who.User.Email, c.how, got, c.want)
		}
	}
}

// TestEnrolBeforeTheSession: who must have a second factor sets one up, and has no
// session before.
func TestEnrolBeforeTheSession(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	p.signUp("ada")
	p.factors.Second = SecondRequired
	c, slower := p.challenged("ada"), p.challenged("ada")
	is(t, "a code of nothing", p.answerCode(c, "123456"), fault.FactorNotFound)
	secrets := map[Secret]factor.TOTP{}
	for _, id := range []Secret{c.ID, slower.ID} {
		made, err := p.EnrolByChallenge(ctx, ChallengeID{id})
		if err != nil {
			t.Fatal(err)
		}
		secrets[id] = made
		if !strings.HasPrefix(string(made.URI), "otpauth://totp/Loam:ada@example.com?") || !strings.HasPrefix(string(made.QR), "data:image/png;base64,") {
			t.Errorf("the secret is %q, %.40q", string(made.URI), string(made.QR))
		}
	}
	is(t, "a wrong code", p.answerCode(c, p.wrong(secrets[c.ID].Secret)), fault.FactorWrongCode)
	in, err := p.AnswerChallenge(ctx, Answer{ID: c.ID, Code: p.code(secrets[c.ID].Secret, 0)}, Client{})
	if err != nil || in.Session == nil || len(in.RecoveryCodes) != codesMade {
		t.Fatalf("the answer is %+v %v", in, err)
	}
	is(t, "the slower of two", p.answerCode(slower, p.code(secrets[slower.ID].Secret, 0)), fault.FactorExists)
	p.wait(time.Minute)
	c = p.challenged("ada")
	is(t, "the factor from then on", p.answerCode(c, p.code(secrets[c.ID].Secret, 0)), fault.FactorWrongCode)
}

// TestFactorsNeedAFreshProof: a stolen token alone changes no factor.
func TestFactorsNeedAFreshProof(t *testing.T) {
	p, _ := newPlace(t)
	ctx := context.Background()
	session := p.signUp("ada")
	secret, _ := p.enrol(session)
	who := p.who(session)
	changes := map[string]func() error{
		"adding an app":  func() error { _, err := p.BeginTOTP(ctx, who); return err },
		"confirming it":  func() error { _, err := p.ConfirmTOTP(ctx, who, Code{"123456"}); return err },
		"removing it":    func() error { return p.RemoveTOTP(ctx, who) },
		"renewing codes": func() error { _, err := p.RenewRecoveryCodes(ctx, who); return err },
	}
	p.wait(freshFor)
	for what, change := range changes {
		is(t, what, change(), fault.AuthReauthenticate)
	}
	for _, c := range []struct {
		what string
		in   Reauthenticate
		want fault.Code
	}{
		{"nothing", Reauthenticate{}, fault.QueryRequired},
		{"a wrong password", Reauthenticate{Password: "a wrong password"}, fault.AuthWrong},
		{"a wrong code", Reauthenticate{Code: p.wrong(secret)}, fault.FactorWrongCode},
	} {
		is(t, c.what, p.Reauthenticate(ctx, who, c.in, Client{}), c.want)
		is(t, "after "+c.what, changes["renewing codes"](), fault.AuthReauthenticate)
	}
	for _, proof := range []func() Reauthenticate{
		func() Reauthenticate { return Reauthenticate{Password: rightPassword} },
		func() Reauthenticate { return Reauthenticate{Code: p.code(secret, 0)} },
	} {
		is(t, "a right proof", p.Reauthenticate(ctx, who, proof(), Client{}), "")
		is(t, "after it", changes["renewing codes"](), "")
		p.wait(freshFor + time.Minute)
		is(t, "long after it", changes["renewing codes"](), fault.AuthReauthenticate)
	}
	for range 5 {
		is(t, "guessing", p.Reauthenticate(ctx, who, Reauthenticate{Code: p.wrong(secret)}, Client{}), fault.FactorWrongCode)
	}
	is(t, "guessing on", p.Reauthenticate(ctx, who, Reauthenticate{Code: p.code(secret, 0)}, Client{}), fault.AuthTooMany)

	for _, sql := range []string{
		`UPDATE "_sessions" SET "proved_at" = '9999', "impersonator" = 'root'`,
		`UPDATE "_sessions" SET "proved_at" = '9999', "impersonator" = '', "client" = 'app'`,
	} {
		p.exec(sql)
		for what, change := range changes {
			is(t, what+" in another's name", change(), fault.AuthNotAllowed)
		}
		is(t, "proving it in another's name", p.Reauthenticate(ctx, who, Reauthenticate{Password: rightPassword}, Client{}), fault.AuthNotAllowed)
	}
	who = &access.Principal{Kind: access.APIKey, Org: session.Organization.ID, KeyID: "k"}
	for what, change := range changes {
		is(t, what+" by an API key", change(), fault.AccessSignIn)
	}
}

func (p *place) exec(sql string) {
	p.Helper()
	if err := p.engine.Write(context.Background(), func(c store.Conn) error {
		_, err := c.Exec(sql)
		return err
	}); err != nil {
		p.Fatal(err)
	}
}
