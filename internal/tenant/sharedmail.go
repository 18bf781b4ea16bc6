package tenant

// sharedMail tells the domains at which anybody gets an address, so that having
// one says nothing of who one works for. Whoever runs them could prove it, and
// could read everybody's mail anyway: the list keeps honest mistakes out.
func sharedMail(domain string) bool {
	switch domain {
	case "126.com", "163.com", "aim.com", "alice.it", "aol.com", "arcor.de", "att.net", "bigpond.com", "bluewin.ch", "bol.com.br",
		"bt.com", "btinternet.com", "charter.net", "comcast.net", "cox.net", "duck.com", "earthlink.net", "email.com", "fastmail.com",
		"fastmail.fm", "foxmail.com", "free.fr", "freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net",
		"googlemail.com", "hanmail.net", "hey.com", "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.es", "hotmail.fr",
		"hotmail.it", "hushmail.com", "icloud.com", "inbox.com", "inbox.lv", "laposte.net", "libero.it", "live.co.uk", "live.com",
		"live.fr", "live.nl", "mac.com", "mail.com", "mail.de", "mail.ru", "mailbox.org", "me.com", "msn.com", "naver.com",
		"ntlworld.com", "o2.pl", "orange.fr", "outlook.com", "outlook.de", "outlook.es", "outlook.fr", "pm.me", "posteo.de",
		"proton.me", "protonmail.ch", "protonmail.com", "qq.com", "rambler.ru", "rediffmail.com", "rocketmail.com", "sbcglobal.net",
		"seznam.cz", "sfr.fr", "shaw.ca", "sina.com", "sky.com", "skynet.be", "t-online.de", "talktalk.net", "telenet.be",
		"tiscali.it", "tuta.com", "tuta.io", "tutanota.com", "uol.com.br", "verizon.net", "virgilio.it", "virginmedia.com",
		"wanadoo.fr", "web.de", "wp.pl", "yahoo.ca", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.com.br",
		"yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it", "yandex.com", "yandex.ru", "ymail.com", "zoho.com":
		return true
	}
	return false
}
