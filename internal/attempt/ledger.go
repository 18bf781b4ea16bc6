package attempt

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/loam-dev/loam/internal/store"
)

// Ledger counts the attempts of all nodes of a PostgreSQL database, so that who guesses
// has as many tries on several servers as on one. Each attempt is counted before the
// secret is looked at, by one statement that locks its key's row; times are those of
// the nodes' clocks.
type Ledger struct {
	engine store.Engine
	secret []byte
}

// NewLedger makes one. It keeps no key as it is, but a digest under the secret.
func NewLedger(e store.Engine, secret []byte) *Ledger { return &Ledger{e, secret} }

// The limits of a ledger.
const (
	lease    = 30 * time.Second      // an attempt whose end was not heard of has ended by then
	ask      = 50 * time.Millisecond // between two looks whether attempts of other nodes have ended
	patience = 5 * time.Second       // for that, and for the database at an attempt's end
	maxKeys  = 1 << 20               // rows; Prune drops the oldest ones beyond
)

// Tables returns the room's system tables: see audit.Tables. They are worth nothing
// after a crash, as what one server remembers.
func Tables(d store.Dialect) []string {
	if d != store.PostgreSQL {
		return nil
	}
	return []string{`CREATE UNLOGGED TABLE IF NOT EXISTS "_attempts" (
		"kind" text COLLATE "C" NOT NULL, "key" text COLLATE "C" NOT NULL,
		"failures" bigint NOT NULL, "running" bigint NOT NULL,
		"until" bigint NOT NULL, "last" bigint NOT NULL, "began" bigint NOT NULL,
		PRIMARY KEY ("kind", "key")
	)`}
}

// standing is how a key stands.
type standing struct {
	admitted bool // the attempt was counted, and may be checked
	failures int
	until    time.Time
}

func (l *Ledger) digest(key string) string {
	mac := hmac.New(sha256.New, l.secret)
	mac.Write([]byte(key))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// begin counts an attempt unless one is not due.
func (l *Ledger) begin(ctx context.Context, limits Limits, key string, now time.Time) (s standing, err error) {
	at, digest := now.UnixMilli(), l.digest(key)
	err = store.WriteAlone(ctx, l.engine, func(c store.Conn) error {
		s = standing{}
		err := c.Query(`INSERT INTO "_attempts" AS a ("kind", "key", "failures", "running", "until", "last", "began") VALUES (?1, ?2, 0, 1, 0, 0, CAST(?3 AS bigint))
			ON CONFLICT ("kind", "key") DO UPDATE SET
				"failures" = CASE WHEN a."last" < CAST(?4 AS bigint) THEN 0 ELSE a."failures" END,
				"running" = CASE WHEN a."began" < CAST(?5 AS bigint) THEN 1 ELSE a."running" + 1 END,
				"began" = CAST(?3 AS bigint)
			WHERE a."until" <= CAST(?3 AS bigint) AND (a."running" = 0 OR a."began" < CAST(?5 AS bigint)
				OR a."running" + CASE WHEN a."last" < CAST(?4 AS bigint) THEN 0 ELSE a."failures" END < CAST(?6 AS bigint))
			RETURNING a."failures"`, []any{limits.Kind, digest, at, at - limits.Forget.Milliseconds(), at - lease.Milliseconds(), limits.Free}, func(r store.Row) error {
			s = standing{admitted: true, failures: int(r.Int(0))}
			return nil
		})
		if err != nil || s.admitted {
			return err
		}
		return c.Query(`SELECT "failures", "until" FROM "_attempts" WHERE "kind" = ?1 AND "key" = ?2`, []any{limits.Kind, digest}, func(r store.Row) error {
			s = standing{failures: int(r.Int(0)), until: time.UnixMilli(r.Int(1))}
			return nil
		})
	})
	if err != nil {
		err = fmt.Errorf("counting an attempt: %w", err)
	}
	return s, err
}

// end records how an attempt has ended, for which the caller's context may be over.
func (l *Ledger) end(ctx context.Context, limits Limits, key string, now time.Time, o Outcome) (s standing, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	set := `"running" = GREATEST("running" - 1, 0)`
	args := []any{limits.Kind, l.digest(key)}
	switch {
	case o == Failed:
		set += `, "failures" = "failures" + 1, "last" = CAST(?3 AS bigint), "until" = CASE WHEN "failures" + 1 < CAST(?4 AS bigint) THEN "until"
			ELSE CAST(?3 AS bigint) + LEAST(CAST(?5 AS bigint), 1000 * (CAST(1 AS bigint) << CAST(LEAST("failures" + 1 - CAST(?4 AS bigint), 30) AS int))) END`
		args = append(args, now.UnixMilli(), limits.Free, limits.Most.Milliseconds())
	case o == Passed && limits.Resets:
		set += `, "failures" = 0, "until" = 0`
	}
	err = store.WriteAlone(ctx, l.engine, func(c store.Conn) error {
		s = standing{}
		return c.Query(`UPDATE "_attempts" SET `+set+` WHERE "kind" = ?1 AND "key" = ?2 RETURNING "failures", "until"`, args, func(r store.Row) error {
			s = standing{failures: int(r.Int(0)), until: time.UnixMilli(r.Int(1))}
			return nil
		})
	})
	return s, err
}

// Every is how often Prune is to run.
const Every = 5 * time.Minute

// Prune removes what counts no longer: what is as old as the longest Forget, an hour.
func (l *Ledger) Prune(ctx context.Context, now time.Time) error {
	return store.WriteAlone(ctx, l.engine, func(c store.Conn) error {
		old := now.Add(-time.Hour).UnixMilli()
		_, err := c.Exec(`DELETE FROM "_attempts" WHERE GREATEST("last", "until") < CAST(?1 AS bigint) AND "began" < CAST(?2 AS bigint)`, old, now.Add(-lease).UnixMilli())
		if err == nil {
			_, err = c.Exec(`DELETE FROM "_attempts" WHERE "began" < (SELECT "began" FROM "_attempts" ORDER BY "began" DESC OFFSET CAST(?1 AS bigint) LIMIT 1)`, maxKeys)
		}
		return err
	})
}
