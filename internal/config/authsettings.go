package config

// The lengths of time that settings are measured in, in seconds.
const second, minute, hour, day = 1, 60, 60 * 60, 24 * 60 * 60

func onOff() []string { return []string{"on", "off"} }

// signInSettings are the keys of the ways in that need nobody else.
func signInSettings() []setting {
	return []setting{
		{path: "auth.email.confirm", kind: settingWord, words: []string{"none", "code", "link"}, standard: "none",
			doc: "how a new user shows that the address is theirs", at: func(c *Config, _ string) any { return &c.Auth.Email.Confirm }},
		{path: "auth.email.code", kind: settingWord, words: onOff(), standard: "off",
			doc: "users sign in by a code that is mailed to them", at: func(c *Config, _ string) any { return &c.Auth.Email.Code }},
		{path: "auth.email.link", kind: settingWord, words: onOff(), standard: "off",
			doc: "users sign in by a link that is mailed to them", at: func(c *Config, _ string) any { return &c.Auth.Email.Link }},
		{path: "auth.password.enabled", kind: settingWord, words: onOff(), standard: "on",
			doc: "users sign in by a password", at: func(c *Config, _ string) any { return &c.Auth.Password.Enabled }},
		{path: "auth.password.minLength", kind: settingNumber, min: 8, max: 64, standard: "8",
			doc: "characters of a password at least", at: func(c *Config, _ string) any { return &c.Auth.Password.MinLength }},
		{path: "auth.password.common", kind: settingWord, words: []string{"refuse", "allow"}, standard: "refuse",
			doc: "passwords that are on lists of common ones", at: func(c *Config, _ string) any { return &c.Auth.Password.RefuseCommon }},
		{path: "auth.anonymous", kind: settingWord, words: onOff(), standard: "off",
			doc: "one may use the app before one signs up, and keeps one's rows", at: func(c *Config, _ string) any { return &c.Auth.Anonymous }},
		{path: "auth.passkeys", kind: settingWord, words: onOff(), standard: "on",
			doc: "users may add passkeys, and sign in by them", at: func(c *Config, _ string) any { return &c.Auth.Passkeys }},
		{path: "auth.passkeyOrigins", kind: settingList, form: siteForm,
			doc: "the sites that may ask for a passkey; left out: the one of `url`", at: func(c *Config, _ string) any { return &c.Auth.PasskeyOrigins }},
		{path: "auth.totp", kind: settingWord, words: onOff(), standard: "on",
			doc: "users may add an authenticator app as a second factor", at: func(c *Config, _ string) any { return &c.Auth.TOTP }},
		{path: "auth.secondFactor", kind: settingWord, words: []string{"optional", "required", "admins"}, standard: "optional",
			doc: "who needs a second factor: who wants one, everyone, or the owners and admins of organizations and of the server",
			at:  func(c *Config, _ string) any { return &c.Auth.SecondFactor }},
		{path: "auth.signUp", kind: settingWord, words: []string{"open", "invited", "closed"}, standard: "open",
			doc: "who gets an account: everyone, who was invited to an organization, or who an admin of the server makes one for",
			at:  func(c *Config, _ string) any { return &c.Auth.SignUp }},
		{path: "auth.impersonation", kind: settingWord, words: []string{"off", "read", "write"}, standard: "read",
			doc: "what an admin of the server may do as another user: nothing, read, or also write rows where they ask for it",
			at:  func(c *Config, _ string) any { return &c.Auth.Impersonation }},
		{path: "auth.sessions.accessToken", kind: settingDuration, min: 5 * minute, max: hour, standard: "15m",
			doc: "how long an access token is valid", at: func(c *Config, _ string) any { return &c.Auth.Sessions.AccessToken }},
		{path: "auth.sessions.refreshToken", kind: settingDuration, min: hour, max: 400 * day, standard: "30d",
			doc: "how long a session lives without use", at: func(c *Config, _ string) any { return &c.Auth.Sessions.RefreshToken }},
		{path: "auth.sessions.cookies", kind: settingWord, words: onOff(), standard: "on",
			doc: "browser apps may have their tokens in cookies that no script reads", at: func(c *Config, _ string) any { return &c.Auth.Sessions.Cookies }},
		{path: "auth.redirects", kind: settingList, form: returnForm,
			doc: "the addresses that mailed links and other providers may lead back to, compared exactly", at: func(c *Config, _ string) any { return &c.Auth.Redirects }},
	}
}

// federationSettings are the keys of those whom sign-in is shared with:
// providers that Loam trusts, clients that trust Loam, and hooks.
func federationSettings() []setting {
	return []setting{
		{path: "auth.providers.*.kind", kind: settingWord, words: []string{"google", "github", "microsoft", "apple", "oidc"},
			doc: "what the provider is; left out: its name where that is one of these, otherwise `oidc`", at: func(c *Config, id string) any { return &c.Auth.provider(id).Kind }},
		{path: "auth.providers.*.name", kind: settingText, form: anyText, doc: "what its button says", at: func(c *Config, id string) any { return &c.Auth.provider(id).Name }},
		{path: "auth.providers.*.clientId", kind: settingText, form: anyText, doc: "what the provider calls this app",
			at: func(c *Config, id string) any { return &c.Auth.provider(id).ClientID }},
		{path: "auth.providers.*.clientSecret", kind: settingSecret, doc: "the secret that goes with it",
			at: func(c *Config, id string) any { return &c.Auth.provider(id).ClientSecret }},
		{path: "auth.providers.*.issuer", kind: settingText, form: issuerForm, doc: "of `oidc`: the address of the issuer; of `github`: that of GitHub Enterprise Server",
			at: func(c *Config, id string) any { return &c.Auth.provider(id).Issuer }},
		{path: "auth.providers.*.tenant", kind: settingText, form: tenantForm, doc: "of `microsoft`: whose accounts; left out: `common`, which is everybody's",
			at: func(c *Config, id string) any { return &c.Auth.provider(id).Tenant }},
		{path: "auth.providers.*.teamId", kind: settingText, form: anyText, doc: "of `apple`", at: func(c *Config, id string) any { return &c.Auth.provider(id).TeamID }},
		{path: "auth.providers.*.keyId", kind: settingText, form: anyText, doc: "of `apple`", at: func(c *Config, id string) any { return &c.Auth.provider(id).KeyID }},
		{path: "auth.providers.*.privateKey", kind: settingSecret, doc: "of `apple`: the key that takes a secret's place, as PEM",
			at: func(c *Config, id string) any { return &c.Auth.provider(id).PrivateKey }},
		{path: "auth.providers.*.scopes", kind: settingList, form: scopeForm, doc: "scopes to ask for beside those that sign-in needs",
			at: func(c *Config, id string) any { return &c.Auth.provider(id).Scopes }},
		{path: "auth.clients.*.name", kind: settingText, form: anyText, doc: "of the app that signs its users in here, for the page that asks for consent",
			at: func(c *Config, id string) any { return &c.Auth.client(id).Name }},
		{path: "auth.clients.*.secret", kind: settingSecret, doc: "of 32 characters at least; left out: a public client, such as an app on a phone", at: func(c *Config, id string) any { return &c.Auth.client(id).Secret }},
		{path: "auth.clients.*.redirects", kind: settingList, form: returnForm, doc: "the addresses that its users return to, compared exactly",
			at: func(c *Config, id string) any { return &c.Auth.client(id).Redirects }},
		{path: "auth.clients.*.logoutRedirects", kind: settingList, form: returnForm, doc: "likewise, after signing out",
			at: func(c *Config, id string) any { return &c.Auth.client(id).LogoutRedirects }},
		{path: "auth.clients.*.scopes", kind: settingList, form: scopeForm, doc: "the scopes that it may ask for; left out: all",
			at: func(c *Config, id string) any { return &c.Auth.client(id).Scopes }},
		{path: "auth.clients.*.consent", kind: settingWord, words: []string{"ask", "skip"}, standard: "ask", doc: "whether users are asked; `skip` is for apps of your own",
			at: func(c *Config, id string) any { return &c.Auth.client(id).Consent }},
		{path: "auth.hooks.*.url", kind: settingText, form: webForm, doc: "the address that is asked", at: func(c *Config, key string) any { return &c.Auth.hook(key).URL }},
		{path: "auth.hooks.*.secret", kind: settingSecret, doc: "that signs each call, after the Standard Webhooks specification",
			at: func(c *Config, key string) any { return &c.Auth.hook(key).Secret }},
		{path: "auth.hooks.*.timeout", kind: settingDuration, min: second, max: 30 * second, standard: "5s", doc: "how long an answer may take",
			at: func(c *Config, key string) any { return &c.Auth.hook(key).Timeout }},
	}
}
