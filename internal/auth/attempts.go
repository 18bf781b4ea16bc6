package auth

import (
	"context"
	"time"

	"github.com/loam-dev/loam/internal/attempt"
	"github.com/loam-dev/loam/internal/config"
)

// newcomersPer is how many accounts a network makes for each failure that
// limits.signIn.perNetwork lets it have, before it waits.
const newcomersPer = 10

// attempts slow down who guesses secrets: for one account, from one network, and
// over all accounts. A success from a network clears nothing: an attacker may own
// an account. newcomers are the accounts that were made from one network.
type attempts struct{ accounts, networks, everyone, newcomers *attempt.Limiter }

func newAttempts(l config.SignInLimits, now func() time.Time, ledger *attempt.Ledger) attempts {
	return attempts{
		accounts:  attempt.New(attempt.Limits{Kind: "account", Free: l.Free, Most: l.LongestWait, Forget: time.Hour, Resets: true, Queue: 128, Keys: 1 << 17}, now, ledger),
		networks:  attempt.New(attempt.Limits{Kind: "network", Free: l.PerNetwork, Most: time.Minute, Forget: time.Hour, Queue: 512, Keys: 1 << 17}, now, ledger),
		newcomers: attempt.New(attempt.Limits{Kind: "newcomer", Free: newcomersPer * l.PerNetwork, Most: time.Minute, Forget: time.Hour, Queue: 512, Keys: 1 << 17}, now, ledger),
		everyone:  attempt.New(attempt.Limits{Kind: "everyone", Free: l.Global, Most: 2 * time.Second, Forget: time.Minute, Queue: 512, Keys: 1}, now, ledger),
	}
}

// attempt begins an attempt on an account from a client, or refuses it. What it
// returns is told the outcome, once. account is the address in its one spelling.
func (s *Service) attempt(ctx context.Context, account string, from Client) (func(attempt.Outcome), error) {
	all := ""
	if s.attempts.everyone.Free > 0 {
		all = "*"
	}
	var ends []func(attempt.Outcome)
	end := func(o attempt.Outcome) {
		for _, one := range ends {
			one(o)
		}
	}
	for _, count := range []struct {
		by  *attempt.Limiter
		key string
	}{{s.attempts.everyone, all}, {s.attempts.networks, from.network()}, {s.attempts.accounts, account}} {
		one, err := count.by.Begin(ctx, count.key)
		if err != nil {
			end(attempt.Unchecked)
			return nil, err
		}
		ends = append(ends, one)
	}
	return end, nil
}

// mails slow down who makes the server send mail, to one address or from one
// network: each one counts, past the free ones the wait doubles up to an hour.
type mails struct{ addresses, networks *attempt.Limiter }

func newMails(l config.MailLimits, now func() time.Time, ledger *attempt.Ledger) mails {
	return mails{
		addresses: attempt.New(attempt.Limits{Kind: "mailed address", Free: l.PerAddress, Most: time.Hour, Forget: time.Hour, Queue: 16, Keys: 1 << 17}, now, ledger),
		networks:  attempt.New(attempt.Limits{Kind: "mailing network", Free: l.PerNetwork, Most: time.Hour, Forget: time.Hour, Queue: 128, Keys: 1 << 17}, now, ledger),
	}
}

// count counts a mail, or refuses it.
func (m mails) count(ctx context.Context, address string, from Client) error {
	for _, sent := range []struct {
		by  *attempt.Limiter
		key string
	}{{m.networks, from.network()}, {m.addresses, address}} {
		end, err := sent.by.Begin(ctx, sent.key)
		if err != nil {
			return err
		}
		end(attempt.Failed)
	}
	return nil
}
