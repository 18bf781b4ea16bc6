package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/tenant"
)

// seed is seed.json: what a new database starts with.
type seed struct {
	Users         []seedUser         `json:"users"`
	Organizations []seedOrganization `json:"organizations"`
}

type seedUser struct {
	Email    string `json:"email"`
	Name     string `json:"name"`
	Password string `json:"password"`
	Admin    bool   `json:"admin"` // of the server
}

// seedOrganization is one organization with its rows. The first member, who
// must be an owner, founds it.
type seedOrganization struct {
	Name    string       `json:"name"`
	Members []seedMember `json:"members"`
	Rows    []seedRows   `json:"rows"`
}

type seedMember struct {
	Email string      `json:"email"`
	Role  tenant.Role `json:"role"`
}

// seedRows are rows of one model, written by one member under the same rules
// as over the API. A key of a user is their email address.
type seedRows struct {
	Model string           `json:"model"`
	By    string           `json:"by"`
	Items []map[string]any `json:"items"`
}

// readSeed reads a project's seed; nil where it has none.
func readSeed(files fs.FS) (*seed, error) {
	text, err := readFile(files, seedFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unreadable(seedFile, err)
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber()
	dec.DisallowUnknownFields()
	var s seed
	if err := dec.Decode(&s); err != nil {
		return nil, fault.New(fault.CLISeed, "%s is not what a seed looks like; correct it near byte %d", seedFile, dec.InputOffset()).Because(err)
	}
	return &s, nil
}

// seeding plants a seed in a new database.
type seeding struct {
	*backend.Backend
	config *config.Config
	users  map[string]auth.User // by address, as the seed writes it
}

// plant adds users, then organizations with their rows, which share commits.
func (s *seed) plant(ctx context.Context, b *backend.Backend, config *config.Config) error {
	p := &seeding{Backend: b, config: config, users: map[string]auth.User{}}
	if err := p.addUsers(ctx, s.Users); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, o := range s.Organizations {
		group.Go(func() error { return p.addOrganization(ctx, o) })
	}
	return group.Wait()
}

// addUsers adds all at once, so that passwords which they share are hashed once:
// that takes longer than hundreds of rows.
func (p *seeding) addUsers(ctx context.Context, users []seedUser) error {
	accounts := make([]auth.SignUp, len(users))
	for i, u := range users {
		accounts[i] = auth.SignUp{Email: u.Email, Name: u.Name, Password: auth.Secret(u.Password), Verified: true}
	}
	added, err := p.Auth.AddUsers(ctx, accounts)
	if err != nil {
		if i, ok := indexIn(err, "users."); ok {
			return planting(err, "user %s", users[i].Email)
		}
		return planting(err, "users")
	}
	for i, u := range users {
		p.users[u.Email] = added[i]
		if u.Admin {
			if err := p.Auth.SetAdmin(ctx, added[i].ID, true); err != nil {
				return planting(err, "user %s", u.Email)
			}
		}
	}
	return nil
}

// planting says where in the seed an error is.
func planting(err error, format string, args ...any) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	return fault.New(fault.CLISeed, "%s, %s: %s", seedFile, fmt.Sprintf(format, args...), e.Message)
}

func (p *seeding) addOrganization(ctx context.Context, o seedOrganization) error {
	members := map[string]*access.Principal{}
	if len(o.Members) == 0 || o.Members[0].Role != tenant.Owner {
		return fault.New(fault.CLISeed, "%s, organization %s: name a member with the role owner first", seedFile, o.Name)
	}
	id := tenant.None
	for i, m := range o.Members {
		user, ok := p.users[m.Email]
		if !ok {
			return fault.New(fault.CLISeed, "%s, organization %s: %s is not among the users", seedFile, o.Name, m.Email)
		}
		var err error
		if i == 0 && p.config.Organizations {
			var founded tenant.Organization
			founded, err = p.Tenant.Found(ctx, user.ID, tenant.NewOrganization{Name: o.Name})
			id = founded.ID
		} else {
			err = p.Tenant.Appoint(ctx, id, user.ID, m.Role)
		}
		if err != nil {
			return planting(err, "organization %s", o.Name)
		}
		members[m.Email] = &access.Principal{Kind: access.User, UserID: user.ID, Username: user.ID, Email: user.Email, Org: id, Role: string(m.Role)}
	}
	for _, rows := range o.Rows {
		by := members[rows.By]
		if by == nil {
			return fault.New(fault.CLISeed, "%s, rows of %s in %s: name one of its members in \"by\"", seedFile, rows.Model, o.Name)
		}
		if err := p.addRows(ctx, by, rows); err != nil {
			return planting(err, "%s of %s", rows.Model, o.Name)
		}
	}
	return nil
}

// addRows writes rows in transactions of the size that a batch may have.
func (p *seeding) addRows(ctx context.Context, by *access.Principal, rows seedRows) error {
	keys := userKeys(p.Data().Schema().Model(rows.Model))
	size := p.config.Limits.Request.Batch
	for start := 0; start < len(rows.Items); start += size {
		items := rows.Items[start:min(start+size, len(rows.Items))]
		writes := make([]*query.Write, len(items))
		for i, item := range items {
			for _, key := range keys {
				if user, ok := p.users[asText(item[key])]; ok {
					item[key] = user.ID
				}
			}
			writes[i] = &query.Write{Model: rows.Model, Op: query.Create, Input: item, Select: []query.Field{}}
		}
		if _, err := p.Data().Write(ctx, by, writes, nil); err != nil {
			return inRows(err, start)
		}
	}
	return nil
}

// userKeys are the fields of a model that hold a user's id.
func userKeys(m *schema.Model) []string {
	var keys []string
	if m == nil {
		return nil
	}
	for _, f := range m.Fields {
		if r := f.Relation; r != nil && r.Target.Name == "User" && r.Target.ReadOnly {
			keys = append(keys, r.From[0].Name)
		}
	}
	return keys
}

func asText(v any) string {
	s, _ := v.(string)
	return s
}

// inRows names the row of the whole block where a batch names one of its own.
func inRows(err error, start int) error {
	n, ok := indexIn(err, "operations.")
	if !ok {
		return err
	}
	e := fault.Of(err)
	return fault.New(e.Code, "item %d: %s", start+n+1, e.Message)
}

// indexIn is the index in the field of an error about one of many.
func indexIn(err error, list string) (int, bool) {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return 0, false
	}
	place, ok := strings.CutPrefix(e.Field, list)
	if !ok {
		return 0, false
	}
	index, _, _ := strings.Cut(place, ".")
	n, bad := strconv.Atoi(index)
	return n, bad == nil
}
