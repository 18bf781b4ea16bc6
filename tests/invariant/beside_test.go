package invariant

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/loam-dev/loam/internal/store/storetest"
)

// Writers beside each other. On PostgreSQL those who have nothing to do with each other
// are seen in the order of their commits, and stand in the log in another one: at some
// moment the database showed the rows of one transaction without those of another that
// the log has before it. What only the database can judge may be told as it was then,
// and may be ahead of the position that it is told with. What the log can judge is as it
// says, at each position.

// besides notes which transaction an entry of the log came from.
const besides = `CREATE TABLE _besides (seq bigint PRIMARY KEY, xact text NOT NULL);
	CREATE FUNCTION _beside() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
		$$ BEGIN INSERT INTO _besides VALUES (NEW.seq, pg_current_xact_id()); RETURN NULL; END $$;
	CREATE TRIGGER _beside AFTER INSERT ON _changes FOR EACH ROW EXECUTE FUNCTION _beside();
	GRANT SELECT ON _besides TO PUBLIC`

// noteTransactions has the database note them from now on.
func (h *history) noteTransactions() {
	if h.url == "" {
		return
	}
	storetest.Admin(h.t, h.url, besides)
	conn, err := pgx.Connect(context.Background(), h.url)
	if err != nil {
		h.fatalf("%v", err)
	}
	h.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	h.transactions = conn
}

// transactionsSince are the changes behind a position, by the transaction they came from.
func (h *history) transactionsSince(seq int64, changes []*change) [][]*change {
	rows, err := h.transactions.Query(context.Background(), `SELECT xact, pos FROM _changes JOIN _besides USING (seq) WHERE pos > $1 ORDER BY pos`, seq)
	if err != nil {
		h.fatalf("%v", err)
	}
	var all [][]*change
	place := map[string]int{}
	var xact string
	var pos int64
	if _, err := pgx.ForEachRow(rows, []any{&xact, &pos}, func() error {
		i, known := place[xact]
		if !known {
			i = len(all)
			place[xact], all = i, append(all, nil)
		}
		all[i] = append(all[i], changes[slices.IndexFunc(changes, func(c *change) bool { return c.seq == pos })])
		return nil
	}); err != nil {
		h.fatalf("%v", err)
	}
	return all
}

// beside finds the rows of each moment that may have been, besides those of the log's
// own states, while what was read behind a state was written.
func (h *history) beside(from int) {
	if h.transactions == nil || len(h.states)-from < 3 {
		return
	}
	behind := h.changes[len(h.changes)-(len(h.states)-1-from):]
	all := h.transactionsSince(h.states[from].seq, behind)
	if len(all) > 10 {
		h.fatalf("%d transactions at once", len(all))
	}
	first := &h.states[from+1]
	for some := 1; some < 1<<len(all); some++ {
		in := map[*change]bool{}
		for i, changes := range all {
			for _, c := range changes {
				in[c] = some>>i&1 == 1
			}
		}
		if rows, possible := h.after(h.states[from].rows, behind, in); possible {
			first.beside = append(first.beside, rows)
		}
	}
}

// after is what some of the changes lead to; impossible where one of them came after
// another change of its row that is not among them.
func (h *history) after(rows map[string][]*row, changes []*change, some map[*change]bool) (_ map[string][]*row, possible bool) {
	missing := map[string]bool{}
	for _, c := range changes {
		id := c.org + "/" + c.m.Name + "/" + c.id
		switch {
		case !some[c]:
			missing[id] = true
		case missing[id]:
			return nil, false
		default:
			rows, _ = c.apply(rows)
		}
	}
	return rows, true
}

// since are the states that there may have been since one: of the log, and of the
// database where it may have been asked.
func (h *history) since(from int, asked bool) []state {
	if h.transactions == nil || !asked {
		return h.states[from:]
	}
	var all []state
	for i, s := range h.states[from:] {
		all = append(all, s)
		if i == 0 {
			continue
		}
		for _, rows := range s.beside {
			all = append(all, state{seq: s.seq, rows: rows})
		}
	}
	return all
}
