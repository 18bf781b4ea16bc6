package testkit

import "net/url"

// Token is what the link of a message proves.
func Token(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	if token := u.Query().Get("token"); token != "" {
		return token
	}
	values, _ := url.ParseQuery(u.Fragment)
	return values.Get("token")
}
