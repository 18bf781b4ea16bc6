package migrate

import (
	"fmt"

	"github.com/loam-dev/loam/internal/store"
)

// findStrange answers the tables and views that the role ?1 is not let at as it should
// be: their kind and name, whether it lacks rights, and whether the policies are other
// ones than those of a tenant's table.
const findStrange = `SELECT * FROM (
	SELECT c.relkind, c.relname,
		NOT has_table_privilege(?1, c.oid, 'SELECT') OR c.relkind = 'r' AND NOT (has_table_privilege(?1, c.oid, 'INSERT') AND has_table_privilege(?1, c.oid, 'UPDATE') AND has_table_privilege(?1, c.oid, 'DELETE')) AS barred,
		NOT (c.relrowsecurity AND c.relforcerowsecurity
			AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant' AND p.polroles = ARRAY[to_regrole(?1)::oid])
			AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'owner' AND p.polroles = ARRAY[to_regrole(quote_ident(current_user))::oid])) AS unruled
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = current_schema() AND (c.relkind = 'r' OR c.relkind = 'v' AND obj_description(c.oid, 'pg_class') LIKE '` + viewMark + `%')
) t WHERE barred OR unruled`

// adopt makes policies anew that name another role, or went missing with it, and gives
// its own role what it lacks. The tables are the login role's: Open has seen to that.
func (d postgresDDL) adopt(c store.Conn, l Layout) error {
	tables := map[string]*Table{}
	for i := range l.Tables {
		tables[l.Tables[i].Name] = &l.Tables[i]
	}
	var due []string
	err := c.Query(findStrange, []any{d.role}, func(r store.Row) error {
		name, barred, unruled := r.Text(1), r.Bool(2), r.Bool(3)
		switch t := tables[name]; {
		case r.Text(0) == "v" && barred:
			due = append(due, "GRANT SELECT ON "+ident(name)+" TO "+d.role)
		case t == nil || !barred && !(t.Tenant && unruled):
		case t.Tenant:
			due = append(due, "DROP POLICY IF EXISTS tenant ON "+ident(name), "DROP POLICY IF EXISTS owner ON "+ident(name))
			fallthrough
		default:
			due = append(due, d.isolate(t)...)
		}
		return nil
	})
	for _, sql := range due {
		if err == nil {
			err = c.Script(sql)
		}
	}
	if err != nil {
		return fmt.Errorf("letting %s at the tables: %w", d.role, err)
	}
	return nil
}
