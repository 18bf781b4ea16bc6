package federation

const googleIssuer = "https://accounts.google.com"

// google is Sign in with Google: an issuer without quirks, but for asking which
// account is meant where the browser knows several.
func (s *Service) google(p Provider) (*openID, error) {
	if p.ClientSecret == "" {
		return nil, misconfigured("the provider %q needs clientSecret", p.Name)
	}
	o := s.issuedBy(p, googleIssuer)
	o.extra = map[string]string{"prompt": "select_account"}
	o.anew = o.extra // it refuses prompt=login
	return o, nil
}
