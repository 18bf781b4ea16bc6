package config

func permissionWords() []string {
	var words []string
	for _, p := range Permissions() {
		words = append(words, string(p))
	}
	return words
}

func generalSettings() []setting {
	return []setting{
		{path: "name", kind: settingText, form: anyText, doc: "the app's name, shown to users", at: func(c *Config, _ string) any { return &c.Name }},
		{path: "url", kind: settingText, form: siteForm, doc: "where clients reach the server: the start of every mailed link, and the issuer of its tokens for other apps; left out: the address that it listens on, which `loam dev` calls localhost",
			at: func(c *Config, _ string) any { return &c.URL }},
		{path: "tenancy", kind: settingWord, words: []string{"organizations", "off"}, standard: "organizations",
			doc: "`organizations`: users belong to organizations, and rows to one of them; `off`: all users share all rows, as far as the rules let them",
			at:  func(c *Config, _ string) any { return &c.Organizations }},
	}
}

func organizationSettings() []setting {
	return []setting{
		{path: "organizations.create", kind: settingWord, words: []string{"anyone", "admins"}, standard: "anyone",
			doc: "who founds organizations: every user, or the admins of the server", at: func(c *Config, _ string) any { return &c.Orgs.Create }},
		{path: "organizations.domains", kind: settingWord, words: onOff(), standard: "on",
			doc: "organizations may claim e-mail domains by DNS, whose users then join by themselves", at: func(c *Config, _ string) any { return &c.Orgs.Domains }},
		{path: "organizations.roles.*.name", kind: settingText, form: anyText, doc: "of a role, for people", at: func(c *Config, key string) any { return &c.Roles.at(key).Name }},
		{path: "organizations.roles.*.permissions", kind: settingList, words: permissionWords(),
			doc: "what its members may do in the organization; left out: `members.read`, and of `admin` and `member` what they come with",
			at:  func(c *Config, key string) any { return &c.Roles.at(key).Permissions }},
	}
}

func serverSettings() []setting {
	return []setting{
		{path: "mail.from", kind: settingText, form: mailboxForm, doc: "who mail is from", at: func(c *Config, _ string) any { return &c.Mail.From }},
		{path: "mail.replyTo", kind: settingText, form: mailboxForm, doc: "who answers to it go to", at: func(c *Config, _ string) any { return &c.Mail.ReplyTo }},
		{path: "mail.language", kind: settingText, form: languageForm, standard: "en", doc: "of who has chosen none", at: func(c *Config, _ string) any { return &c.Mail.Language }},
		{path: "mail.smtp.host", kind: settingText, form: hostForm, doc: "the mail server", at: func(c *Config, _ string) any { return &c.Mail.SMTP.Host }},
		{path: "mail.smtp.port", kind: settingNumber, min: 1, max: 65535, standard: "587", doc: "its port", at: func(c *Config, _ string) any { return &c.Mail.SMTP.Port }},
		{path: "mail.smtp.user", kind: settingText, form: anyText, doc: "who to sign in there as", at: func(c *Config, _ string) any { return &c.Mail.SMTP.User }},
		{path: "mail.smtp.password", kind: settingSecret, doc: "the password for that", at: func(c *Config, _ string) any { return &c.Mail.SMTP.Password }},
		{path: "mail.smtp.tls", kind: settingWord, words: []string{"starttls", "implicit", "none"}, standard: "starttls",
			doc: "how the connection is encrypted; `none` is for a server on the same machine", at: func(c *Config, _ string) any { return &c.Mail.SMTP.TLS }},
		{path: "database.url", kind: settingSecret,
			doc: "of a PostgreSQL database, `postgres://user:password@host/name`: several hosts with commas, of which the one that takes writes is found; left out: a file in the data directory. `LOAM_DATABASE_URL` goes before it",
			at:  func(c *Config, _ string) any { return &c.Database.URL }},
		{path: "database.replicas", kind: settingList, secret: true, form: anyText,
			doc: "of its standbys, each a URL with one host: they answer reads that ask for it by `Loam-Read: replica`. `LOAM_DATABASE_REPLICAS` goes before it, with spaces between",
			at:  func(c *Config, _ string) any { return &c.Database.Replicas }},
		{path: "database.maxLag", kind: settingDuration, min: 1, max: 3600, standard: "5s", doc: "how far behind a replica may be that answers, and so how long a rule that looks at other rows may go by what they were; a read may ask for less",
			at: func(c *Config, _ string) any { return &c.Database.MaxLag }},
		{path: "nats.url", kind: settingSecret,
			doc: "of NATS, by which the servers of one PostgreSQL database wake each other, `nats://user:password@host:4222`, or `tls://`: several with commas; left out: the database wakes them. `LOAM_NATS_URL` goes before it",
			at:  func(c *Config, _ string) any { return &c.NATS.URL }},
		{path: "nats.credentials", kind: settingText, form: fileForm, doc: "the file of credentials for it, with a JWT and its seed", at: func(c *Config, _ string) any { return &c.NATS.Credentials }},
		{path: "nats.ca", kind: settingText, form: fileForm, doc: "the file of the authorities that its certificate is signed by; left out: the machine's", at: func(c *Config, _ string) any { return &c.NATS.CA }},
		{path: "nats.certificate", kind: settingText, form: fileForm, doc: "the file of the certificate that Loam shows it; `nats.key` goes with it", at: func(c *Config, _ string) any { return &c.NATS.Certificate }},
		{path: "nats.key", kind: settingText, form: fileForm, doc: "the file of its key", at: func(c *Config, _ string) any { return &c.NATS.Key }},
		{path: "nats.prefix", kind: settingText, form: subjectForm, standard: "loam", doc: "what its subject begins with: `loam.>` is to be allowed. What follows tells databases apart", at: func(c *Config, _ string) any { return &c.NATS.Prefix }},
		{path: "backup.to", kind: settingText, form: targetForm, doc: "where `loam serve` backs the database up to while it runs: a directory on another disk, or `s3://BUCKET/PREFIX?region=REGION`, with `&endpoint=URL` where it is not Amazon's; snapshots, and what is committed within a second; left out: it makes none",
			at: func(c *Config, _ string) any { return &c.Backup.To }},
		{path: "backup.every", kind: settingDuration, min: minute, max: 30 * day, standard: "24h", doc: "from one snapshot to the next", at: func(c *Config, _ string) any { return &c.Backup.Every }},
		{path: "backup.retention", kind: settingDuration, min: minute, max: 3650 * day, standard: "7d", doc: "how far back a moment can be restored; what no such moment needs is removed",
			at: func(c *Config, _ string) any { return &c.Backup.Retention }},
		{path: "server.trustedProxies", kind: settingList, form: networkForm, doc: "the proxies before the server whose `X-Forwarded-For` is believed",
			at: func(c *Config, _ string) any { return &c.Server.TrustedProxies }},
		{path: "server.metricsToken", kind: settingSecret, doc: "of 32 characters at least: what a Prometheus server sends as a bearer token to read `/metrics`; left out: nobody reads it",
			at: func(c *Config, _ string) any { return &c.Server.MetricsToken }},
		{path: "outbound.allowPrivate", kind: settingWord, words: onOff(), standard: "off",
			doc: "the server's own requests (hooks, providers) may go to private addresses, which are refused otherwise", at: func(c *Config, _ string) any { return &c.Outbound.AllowPrivate }},
		{path: "api.graphql", kind: settingWord, words: []string{"auto", "native", "amplify"}, standard: "auto",
			doc: "the names of the GraphQL door: `amplify` also serves the names that AWS Amplify would have generated, for its clients; `auto` does so for a schema with AWS scalars, or with nothing in it that only Loam knows",
			at:  func(c *Config, _ string) any { return &c.API.GraphQL }},
		{path: "api.cors.origins", kind: settingList, form: originForm, doc: "the sites whose browsers may call the API: `https://app.example.com`, or `*` for any",
			at: func(c *Config, _ string) any { return &c.API.Origins }},
		{path: "console.data", kind: settingWord, words: []string{"write", "read", "off"}, standard: "write",
			doc: "what an admin of the server may do with the rows of organizations, by `Loam-As: admin`: above the rules, and on record", at: func(c *Config, _ string) any { return &c.Console.Data }},
		{path: "realtime.retention", kind: settingDuration, min: minute, max: 90 * day, standard: "72h",
			doc: "how long the change log is kept; who was away for longer gets a `gap` and starts anew", at: func(c *Config, _ string) any { return &c.Realtime.Retention }},
	}
}

func generateSettings() []setting {
	return []setting{
		{path: "generate.ts", kind: settingText, form: folderForm,
			doc: "the folder, from the project's directory, that `loam dev` and `loam generate ts` keep the TypeScript client in; left out: `src/loam`, which `loam dev` keeps where it is there",
			at:  func(c *Config, _ string) any { return &c.Generate.TS }},
		{path: "generate.packages", kind: settingWord, words: onOff(), standard: "off",
			doc: "the client imports the packages `@loam/client` and `@loam/react`, in place of copies of them beside itself", at: func(c *Config, _ string) any { return &c.Generate.Packages }},
		{path: "generate.react", kind: settingWord, words: onOff(), standard: "off",
			doc: "the client has `react.ts` too, with hooks of each model, and `ui.ts`, with components of sign-in and accounts", at: func(c *Config, _ string) any { return &c.Generate.React }},
	}
}

// limitSettings are all limits that can be set.
func limitSettings() []setting {
	const many = 2_000_000_000
	number := func(path string, least, most int64, standard, doc string, at func(*Limits) *int) setting {
		return setting{path: "limits." + path, kind: settingNumber, min: least, max: most, standard: standard, doc: doc,
			at: func(c *Config, _ string) any { return at(&c.Limits) }}
	}
	return []setting{
		{path: "limits.request.body", kind: settingBytes, min: 1 << 10, max: 64 << 20, standard: "1MiB", doc: "bytes of a request's body",
			at: func(c *Config, _ string) any { return &c.Limits.Request.Body }},
		number("request.pageSize", 1, 10_000, "1000", "rows of a page at most", func(l *Limits) *int { return &l.Request.PageSize }),
		number("request.depth", 1, 20, "8", "relations inside each other", func(l *Limits) *int { return &l.Request.Depth }),
		number("request.filter", 1, 1_000, "100", "conditions of a filter", func(l *Limits) *int { return &l.Request.Filter }),
		number("request.batch", 1, 1_000, "100", "operations of a batch", func(l *Limits) *int { return &l.Request.Batch }),
		{path: "limits.request.timeout", kind: settingDuration, min: second, max: 5 * minute, standard: "10s", doc: "how long a request may take",
			at: func(c *Config, _ string) any { return &c.Limits.Request.Timeout }},
		number("signIn.free", 1, 100, "5", "failures for one account before each further one doubles a wait", func(l *Limits) *int { return &l.SignIn.Free }),
		{path: "limits.signIn.longestWait", kind: settingDuration, min: minute, max: day, standard: "15m", doc: "how long that wait gets",
			at: func(c *Config, _ string) any { return &c.Limits.SignIn.LongestWait }},
		number("signIn.perNetwork", 1, 1_000_000, "100", "failures from one network before each further one doubles a wait; and a tenth of the accounts that it may make", func(l *Limits) *int { return &l.SignIn.PerNetwork }),
		number("signIn.global", 0, 1_000_000, "1000", "failures a minute over all accounts before further attempts wait; 0: any number", func(l *Limits) *int { return &l.SignIn.Global }),
		number("mail.perAddress", 1, 10_000, "10", "messages an hour to one address", func(l *Limits) *int { return &l.Mail.PerAddress }),
		number("mail.perNetwork", 1, 1_000_000, "100", "messages an hour that requests from one network cause", func(l *Limits) *int { return &l.Mail.PerNetwork }),
		number("organization.members", 0, 1_000_000, "10000", "members of an organization; 0: any number", func(l *Limits) *int { return &l.Organization.Members }),
		number("organization.rows", 0, many, "0", "rows of an organization; 0: any number", func(l *Limits) *int { return &l.Organization.Rows }),
		{path: "limits.organization.storage", kind: settingBytes, min: 0, max: 1 << 50, standard: "0", doc: "bytes of an organization's rows, as their JSON is; 0: any number",
			at: func(c *Config, _ string) any { return &c.Limits.Organization.Storage }},
		number("organization.requestsPerMinute", 0, 10_000_000, "0", "requests a minute to an organization; 0: any number", func(l *Limits) *int { return &l.Organization.RequestsPerMinute }),
		number("organization.teams", 0, 10_000, "200", "teams of an organization; 0: any number", func(l *Limits) *int { return &l.Organization.Teams }),
		number("organization.invitations", 0, 10_000, "500", "open invitations of an organization; 0: any number", func(l *Limits) *int { return &l.Organization.Invitations }),
		number("organization.domains", 0, 1_000, "20", "domains of an organization; 0: any number", func(l *Limits) *int { return &l.Organization.Domains }),
		number("user.organizations", 1, 10_000, "100", "organizations that one user belongs to", func(l *Limits) *int { return &l.User.Organizations }),
		number("user.sessions", 1, 1_000, "100", "sessions of one user; a further one ends the oldest", func(l *Limits) *int { return &l.User.Sessions }),
		number("realtime.connections", 1, 1_000_000, "20000", "live connections of the server", func(l *Limits) *int { return &l.Realtime.Connections }),
		number("realtime.perUser", 1, 1_000_000, "100", "live connections of one user, API key or anonymous address", func(l *Limits) *int { return &l.Realtime.PerUser }),
		number("realtime.perOrganization", 1, 1_000_000, "10000", "live connections of one organization", func(l *Limits) *int { return &l.Realtime.PerOrganization }),
		number("realtime.subscriptionsPerUser", 1, 1_000_000, "1000", "subscriptions of one user or API key", func(l *Limits) *int { return &l.Realtime.OfUser }),
		number("realtime.subscriptionsPerOrganization", 1, 10_000_000, "100000", "subscriptions of one organization", func(l *Limits) *int { return &l.Realtime.OfOrganization }),
		number("realtime.subscriptionsOfServer", 1, 10_000_000, "500000", "subscriptions of the server", func(l *Limits) *int { return &l.Realtime.OfServer }),
		number("realtime.subscriptions", 1, 10_000, "100", "subscriptions of one live connection", func(l *Limits) *int { return &l.Realtime.Subscriptions }),
		{path: "limits.realtime.queue", kind: settingBytes, min: 4 << 10, max: 64 << 20, standard: "1MiB", doc: "bytes that may wait for one live client before it is cut off",
			at: func(c *Config, _ string) any { return &c.Limits.Realtime.Queue }},
		{path: "limits.realtime.message", kind: settingBytes, min: 1 << 10, max: 16 << 20, standard: "128KiB", doc: "bytes of one message from a live client",
			at: func(c *Config, _ string) any { return &c.Limits.Realtime.Message }},
		number("realtime.messages", 1, 10_000, "50", "messages a second from a live client; ten seconds' worth may come at once", func(l *Limits) *int { return &l.Realtime.Messages }),
		{path: "limits.realtime.init", kind: settingDuration, min: second, max: minute, standard: "10s", doc: "how long a WebSocket may stay without saying whose it is",
			at: func(c *Config, _ string) any { return &c.Limits.Realtime.Init }},
		{path: "limits.realtime.idle", kind: settingDuration, min: second, max: 10 * minute, standard: "45s", doc: "how long a live client may take or say nothing before it is taken for gone",
			at: func(c *Config, _ string) any { return &c.Limits.Realtime.Idle }},
		number("user.passkeys", 1, 100, "20", "passkeys of one user", func(l *Limits) *int { return &l.User.Passkeys }),
	}
}
