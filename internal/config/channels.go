package config

import (
	"slices"
	"strings"
	"time"

	forms "github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/schema"
)

// Channel is a rule of loam.yaml for the channels that its pattern names. Who may
// do something is a list of grants: "member", "key", "user" (whose id is what the
// wildcard stands for), "role:<role>" and "team:<team>"; an empty one is nobody.
type Channel struct {
	Pattern  string // "lobby", or "doc:*"
	Row      string // a model: the wildcard stands for the id of a row that the caller must be able to read
	Join     []string
	Send     []string
	Presence []string
	Keep     int // messages that are stored; the last ones
	KeepFor  time.Duration

	row span // where Row stands
}

// ChannelLimits bound channels.
type ChannelLimits struct {
	Members       int   // connections in one channel
	Present       int   // connections that show themselves in one channel
	PerConnection int   // channels of one connection
	Message       int64 // bytes of what one message carries
	State         int64 // bytes of what a connection shows of itself
	Rate          int   // messages a second of one caller
	Kept          int   // messages that one organization has stored
}

// Rest is what the wildcard of the pattern stands for in a channel's name; ok is
// false where the pattern does not name the channel.
func (c *Channel) Rest(name string) (rest string, ok bool) {
	prefix, wild := strings.CutSuffix(c.Pattern, "*")
	rest, ok = strings.CutPrefix(name, prefix)
	return rest, ok && (rest != "") == wild
}

// channelPattern is a channel's name, or the beginning of one with a wildcard.
var channelPattern = forms.Pattern(`^([A-Za-z0-9][A-Za-z0-9_.:-]{0,127}|([A-Za-z0-9][A-Za-z0-9_.:-]{0,126})?\*)$`)

var grantForm = matching(`^(member|user|key|role:[a-z][a-z0-9_-]{0,39}|team:[a-z0-9][a-z0-9_-]{0,62})$`, "says of nobody who they are",
	"write member, key, user, role:<role> or team:<team>", "member")

// channel is the rule of a pattern while loam.yaml is read.
func (c *Config) channel(pattern string) *Channel {
	i := slices.IndexFunc(c.Channels, func(ch Channel) bool { return ch.Pattern == pattern })
	if i < 0 {
		i = len(c.Channels)
		c.Channels = append(c.Channels, Channel{Pattern: pattern})
	}
	return &c.Channels[i]
}

func channelSettings() []setting {
	grants := func(key, doc string, at func(*Channel) *[]string) setting {
		return setting{path: "channels.*." + key, kind: settingList, form: grantForm, doc: doc,
			at: func(c *Config, pattern string) any { return at(c.channel(pattern)) }}
	}
	return []setting{
		grants("join", "who may listen to the channels that the pattern names, such as `doc:*`: `member`, `role:<role>`, `team:<team>`, `key` (API keys), and `user`: whose id is what `*` stands for; the pattern that says most of a name counts",
			func(ch *Channel) *[]string { return &ch.Join }),
		grants("send", "who may send; left out: nobody", func(ch *Channel) *[]string { return &ch.Send }),
		grants("presence", "who may show that they are here, and see who is; left out: nobody", func(ch *Channel) *[]string { return &ch.Presence }),
		{path: "channels.*.row", kind: settingText, form: matching(`^[A-Za-z][A-Za-z0-9_]*$`, "is no model", "write the name of a model of schema.graphql", "Document"),
			doc: "a model: `*` stands for the id of one of its rows, and all of this is for those alone who may read that row", at: func(c *Config, pattern string) any { return &c.channel(pattern).Row }},
		{path: "channels.*.keep", kind: settingNumber, min: 0, max: 1000, standard: "0", doc: "how many of the last messages are stored",
			at: func(c *Config, pattern string) any { return &c.channel(pattern).Keep }},
		{path: "channels.*.keepFor", kind: settingDuration, min: minute, max: 90 * day, standard: "24h", doc: "how long they are",
			at: func(c *Config, pattern string) any { return &c.channel(pattern).KeepFor }},
	}
}

func channelLimitSettings() []setting {
	number := func(key string, most int64, standard, doc string, at func(*ChannelLimits) *int) setting {
		return setting{path: "limits.channels." + key, kind: settingNumber, min: 1, max: most, standard: standard, doc: doc,
			at: func(c *Config, _ string) any { return at(&c.Limits.Channels) }}
	}
	return []setting{
		number("members", 1_000_000, "10000", "connections in one channel", func(l *ChannelLimits) *int { return &l.Members }),
		number("present", 10_000, "200", "connections that show themselves in one channel", func(l *ChannelLimits) *int { return &l.Present }),
		number("perConnection", 10_000, "100", "channels of one connection", func(l *ChannelLimits) *int { return &l.PerConnection }),
		{path: "limits.channels.message", kind: settingBytes, min: 64, max: 1 << 20, standard: "16KiB", doc: "bytes of what one message carries",
			at: func(c *Config, _ string) any { return &c.Limits.Channels.Message }},
		{path: "limits.channels.state", kind: settingBytes, min: 2, max: 64 << 10, standard: "2KiB", doc: "bytes of what a connection shows of itself",
			at: func(c *Config, _ string) any { return &c.Limits.Channels.State }},
		number("rate", 100_000, "40", "messages and states a second from one connection, or by request from one caller", func(l *ChannelLimits) *int { return &l.Rate }),
		number("kept", 10_000_000, "10000", "messages that one organization has stored", func(l *ChannelLimits) *int { return &l.Kept }),
	}
}

// checkChannels asks for what rules of channels need.
func (p *configParser) checkChannels() {
	for i := range p.config.Channels {
		ch := &p.config.Channels[i]
		path, wild := "channels."+ch.Pattern, strings.HasSuffix(ch.Pattern, "*")
		ch.row = p.at(path + ".row")
		if len(ch.Join) == 0 {
			p.errorf(p.at(path), "bad_setting", "write join: [member]", "`%s` needs `join`: nobody could be in it", path)
		}
		if ch.Row != "" && !wild {
			p.errorf(ch.row, "bad_setting", "end the pattern with *, which stands for the row's id: \"doc:*\"", "`%s.row` needs a pattern with a wildcard", path)
		}
		for _, list := range []struct {
			key    string
			grants []string
		}{{"join", ch.Join}, {"send", ch.Send}, {"presence", ch.Presence}} {
			for _, grant := range list.grants {
				at := p.at(path + "." + list.key)
				if role, ok := strings.CutPrefix(grant, "role:"); ok && !p.config.Roles.Has(role) {
					p.errorf(at, "bad_setting", didYouMean(role, p.config.Roles.Keys()), "`%s.%s` names the role `%s`, which there is not", path, list.key, role)
				}
				if grant == "user" && !wild {
					p.errorf(at, "bad_setting", "end the pattern with *, which stands for the user's id: \"user:*\"", "`%s.%s` says `user`, which needs a pattern with a wildcard", path, list.key)
				}
			}
		}
	}
}

// CheckSchema looks for what loam.yaml names and a schema lacks; file is the
// former's name.
func (c *Config) CheckSchema(file string, s *schema.Schema) schema.Diagnostics {
	r := &reporter{file: file}
	for i := range c.Channels {
		ch := &c.Channels[i]
		if ch.Row == "" {
			continue
		}
		switch m := s.Model(ch.Row); {
		case m == nil:
			var names []string
			for _, m := range s.Models {
				names = append(names, m.Name)
			}
			r.errorf(ch.row, "unknown_model", didYouMean(ch.Row, names), "`channels.%s.row` names `%s`, which is no model of the schema", ch.Pattern, ch.Row)
		case len(m.Key) != 1:
			r.errorf(ch.row, "bad_setting", "name a model whose key is one field", "`channels.%s.row` names `%s`, whose key has %d fields", ch.Pattern, ch.Row, len(m.Key))
		}
	}
	return r.result()
}
