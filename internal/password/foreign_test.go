package password

import (
	"context"
	"strings"
	"testing"
)

// bcryptLong is a vector of a password of exactly the 72 bytes that bcrypt reads.
const (
	bcryptLong   = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
	bcryptLongIs = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

// foreignVectors are hashes that others have published, with their source.
var foreignVectors = []struct{ source, hash, password string }{
	{"Openwall crypt_blowfish, wrapper.c", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	{"Openwall crypt_blowfish, wrapper.c", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", "\xff\xff\xa3"},
	{"Openwall crypt_blowfish, as $2b$", "$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"},
	{"Openwall crypt_blowfish, 72 bytes", bcryptLong, bcryptLongIs},
	{"argon2 reference implementation, test.c", "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8", "password"},
	{"argon2 reference implementation, test.c", "$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E", "password"},
	{"argon2 reference implementation, test.c", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password"},
	{"the same, as Django writes it", "argon2$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password"},
	{"bcrypt, as Django writes it", "bcrypt$$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"},
	{"RFC 7914, 12", "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA", "password"},
	{"RFC 7914, 12", "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw", "pleaseletmein"},
	{"Werkzeug's form, made by Python's hashlib", "scrypt:32768:8:1$vulddniGkHbXzjNK$de3d836a0855edd239f66c58bcc1f0c0718bf71816155e790fa3ecf5bc97879cf9521fd30897cc2470091040377db292d27236a4281e96810daf0e520fd4c56e", rightPassword},
	{"Werkzeug's form, made by Python's hashlib", "pbkdf2:sha256:1000$vulddniGkHbXzjNK$e6099d9b2366692dfae5cb8dc483aa69c5c71beee07878100da654dc33e43117", rightPassword},
	{"RFC 6070", "$pbkdf2-sha1$i=4096$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE", "password"},
	{"RFC 6070", "$pbkdf2$i=4096,l=25$c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA==", "passwordPASSWORDpassword"},
	{"RFC 7914, 11", "$pbkdf2-sha256$i=1$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw", "passwd"},
	{"passlib's tests", "$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ", "password"},
	{"passlib's tests", "$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww", "password"},
	{"PBKDF2-HMAC-SHA512, as widely published after RFC 6070", "$pbkdf2-sha512$i=1$c2FsdA$hn9wzxreAs/zdSWZo6U9xK80x6ZpgVrl1RNVThyM8lLALUcKKFoFAbrZmb/pQ8CPBQI119aLHaVeY/c7YKV/zg", "password"},
	{"Django's tests", "pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY=", "lètmein"},
	{"firebase/scrypt, README", "$firebase-scrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==" +
		"$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==", "user1password"},
	{"supabase/auth's tests", "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==" +
		"$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==", "mytestpassword"},
}

func TestForeignHashes(t *testing.T) {
	h := New(Options{})
	for _, v := range foreignVectors {
		stored, err := Foreign(v.hash)
		if err != nil {
			t.Errorf("%s: %v", v.source, err)
			continue
		}
		if !NeedsUpgrade(stored) {
			t.Errorf("%s: %q stays as it is", v.source, stored)
		}
		for password, want := range map[string]bool{v.password: true, v.password + "x": false} {
			if got, err := h.Check(context.Background(), stored, password); err != nil || got != want {
				t.Errorf("%s: the password %q: %v, %v", v.source, password, got, err)
			}
		}
	}
}

// TestForeignHashesRefused: what is not understood, or would cost too much, is
// refused when it is read and never runs.
func TestForeignHashesRefused(t *testing.T) {
	bcrypt53 := strings.Repeat("a", 53)
	key := strings.Repeat("A", 43)
	for _, hash := range []string{
		"", "$", "x", "plain text", "$1$salt$hash", "5f4dcc3b5aa765d61d8327deb882cf99", "$2a$10$abc", "$$$$$", "bcrypt$", "argon2$", ImportedMark + bcryptLong,
		"$2x$10$" + bcrypt53, "$2b$31$" + bcrypt53, "$2b$15$" + bcrypt53, "$2b$03$" + bcrypt53, "$2b$-1$" + bcrypt53, "$2b$10$" + bcrypt53[1:] + "*", "$2b$10$" + bcrypt53 + "$",
		"$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHQ$" + key,
		"$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=131072,t=5,p=1$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=256,t=4294967295,p=1$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=256,t=2,p=255$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=256,t=2$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=256,t=2,p=1,x=1$c29tZXNhbHQ$" + key,
		"$argon2id$v=19$m=256,t=2,p=1$$" + key,
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$AAAA",
		"$argon2id$v=19$m=256,t=2,p=1$c29t*XNhbHQ$" + key,
		"$scrypt$ln=18,r=8,p=1$c29tZXNhbHQ$" + key,
		"$scrypt$ln=17,r=8,p=3$c29tZXNhbHQ$" + key,
		"$scrypt$ln=64,r=8,p=1$c29tZXNhbHQ$" + key,
		"$scrypt$ln=14,r=4294967296,p=1$c29tZXNhbHQ$" + key,
		"scrypt:1000:8:1$salt$" + strings.Repeat("0", 64),
		"scrypt:16384:8:1$salt$xyz",
		"scrypt:16384:8$salt$" + strings.Repeat("0", 64),
		"$pbkdf2-sha256$i=2000001$c2FsdA$" + key,
		"$pbkdf2-sha1$i=1500000$c2FsdA$" + key, // two blocks
		"$pbkdf2-sha256$i=1000,l=64$c2FsdA$" + key,
		"$pbkdf2-md5$i=1000$c2FsdA$" + key,
		"pbkdf2_sha256$1000$salt",
		"$firebase-scrypt$v=1,n=14,r=8,p=1,ss=Bw$c29tZXNhbHQ$" + key,
		"$firebase-scrypt$v=1,n=20,r=8,p=1,ss=Bw,sk=" + key + "$c29tZXNhbHQ$" + key,
		"$scrypt$ln=14,r=8,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 2000),
	} {
		if stored, err := Foreign(hash); err == nil {
			t.Errorf("%.80q is taken as %.80q", hash, stored)
		}
	}
}

// TestAttack023_ForeignPrefix: a password that agrees with the right one in the
// 72 bytes that bcrypt reads opens nothing, nor does one with a zero byte, which
// bcrypt and HMAC take for padding.
func TestAttack023_ForeignPrefix(t *testing.T) {
	h := New(Options{})
	for _, v := range foreignVectors {
		if strings.Contains(v.hash, "32768") || strings.Contains(v.hash, "n=14") {
			continue // slow, and scrypt like the others
		}
		stored, err := Foreign(v.hash)
		if err != nil {
			t.Fatal(err)
		}
		wrong := v.password + "\x00"
		if v.password == bcryptLongIs {
			wrong = bcryptLongIs + "chars after 72 are ignored" // Openwall's own vector, which matches there
		}
		if right, err := h.Check(context.Background(), stored, wrong); right || err != nil {
			t.Errorf("%s: %q: %v, %v", v.source, wrong, right, err)
		}
	}
}

func FuzzForeignHash(f *testing.F) {
	for _, v := range foreignVectors {
		f.Add(v.hash)
	}
	f.Fuzz(func(t *testing.T, text string) {
		stored, err := Foreign(text)
		if err != nil {
			return
		}
		if again, err := Foreign(stored); err != nil || again != stored {
			t.Errorf("%q becomes %q, which becomes %q, %v", text, stored, again, err)
		}
	})
}
