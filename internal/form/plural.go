// Package form knows how words and values are written: the plural of an English
// word; the one form in which a date, a number or an address is stored. Pure.
package form

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Pluralizer makes English plurals by the rules of the npm package pluralize,
// because Amplify's operation names are made with it.
type Pluralizer struct {
	rules []pluralRule // tried from the first on
}

type pluralRule struct {
	match *regexp.Regexp
	with  string
}

// NewPluralizer compiles the rules.
func NewPluralizer() *Pluralizer {
	p := &Pluralizer{}
	for _, r := range pluralRules {
		p.rules = append(p.rules, pluralRule{regexp.MustCompile("(?i)" + r[0]), r[1]})
	}
	return p
}

// Plural returns the plural of a word, in the word's case.
func (p *Pluralizer) Plural(word string) string {
	lower := strings.ToLower(word)
	if plural, ok := irregularPlurals[lower]; ok {
		return likeCase(word, plural)
	}
	for _, plural := range irregularPlurals {
		if plural == lower {
			return word
		}
	}
	if strings.Contains(uncountable, " "+lower+" ") {
		return word
	}
	for _, rule := range p.rules {
		at := rule.match.FindStringSubmatchIndex(word)
		if at == nil {
			continue
		}
		found := word[at[0]:at[1]]
		with := string(rule.match.ExpandString(nil, rule.with, word, at))
		if found == "" {
			_, size := utf8.DecodeLastRuneInString(word[:at[0]])
			found = word[at[0]-size : at[0]]
			return word[:at[0]] + likeCase(found, with) + word[at[1]:]
		}
		return word[:at[0]] + likeCase(found, with) + word[at[1]:]
	}
	return word
}

// likeCase gives token the case of word.
func likeCase(word, token string) string {
	switch {
	case word == token:
		return token
	case word == strings.ToLower(word):
		return strings.ToLower(token)
	case word == strings.ToUpper(word):
		return strings.ToUpper(token)
	}
	if first, _ := utf8.DecodeRuneInString(word); unicode.IsUpper(first) {
		return strings.ToUpper(token[:1]) + strings.ToLower(token[1:])
	}
	return strings.ToLower(token)
}

// pluralRules are tried in order.
var pluralRules = [...][2]string{
	{`sheep$`, `$0`},
	{`pox$`, `$0`},
	{`o[iu]s$`, `$0`},
	{`measles$`, `$0`},
	{`fish$`, `$0`},
	{`deer$`, `$0`},
	{`[^aeiou]ese$`, `$0`},
	{`^thou$`, `you`},
	{`m[ae]n$`, `men`},
	{`eaux$`, `$0`},
	{`(child)(?:ren)?$`, `${1}ren`},
	{`(pe)(?:rson|ople)$`, `${1}ople`},
	{`\b((?:tit)?m|l)(?:ice|ouse)$`, `${1}ice`},
	{`(matr|cod|mur|sil|vert|ind|append)(?:ix|ex)$`, `${1}ices`},
	{`(x|ch|ss|sh|zz)$`, `${1}es`},
	{`([^ch][ieo][ln])ey$`, `${1}ies`},
	{`([^aeiouy]|qu)y$`, `${1}ies`},
	{`(?:(kni|wi|li)fe|(ar|l|ea|eo|oa|hoo)f)$`, `${1}${2}ves`},
	{`sis$`, `ses`},
	{`(apheli|hyperbat|periheli|asyndet|noumen|phenomen|criteri|organ|prolegomen|hedr|automat)(?:a|on)$`, `${1}a`},
	{`(agend|addend|millenni|dat|extrem|bacteri|desiderat|strat|candelabr|errat|ov|symposi|curricul|automat|quor)(?:a|um)$`, `${1}a`},
	{`(her|at|gr)o$`, `${1}oes`},
	{`(seraph|cherub)(?:im)?$`, `${1}im`},
	{`(alumn|alg|vertebr)(?:a|ae)$`, `${1}ae`},
	{`(alumn|syllab|vir|radi|nucle|fung|cact|stimul|termin|bacill|foc|uter|loc|strat)(?:us|i)$`, `${1}i`},
	{`([^l]ias|[aeiou]las|[ejzr]as|[iu]am)$`, `${1}`},
	{`(e[mn]u)s?$`, `${1}s`},
	{`(alias|[^aou]us|t[lm]as|gas|ris)$`, `${1}es`},
	{`(ax|test)is$`, `${1}es`},
	{`([^aeiou]ese)$`, `${1}`},
	{`s?$`, `s`},
}

var irregularPlurals = map[string]string{
	"i": "we", "me": "us", "he": "they", "she": "they", "them": "them", "myself": "ourselves", "yourself": "yourselves",
	"itself": "themselves", "herself": "themselves", "himself": "themselves", "themself": "themselves", "is": "are", "was": "were",
	"has": "have", "this": "these", "that": "those", "echo": "echoes", "dingo": "dingoes", "volcano": "volcanoes",
	"tornado": "tornadoes", "torpedo": "torpedoes", "genus": "genera", "viscus": "viscera", "stigma": "stigmata",
	"stoma": "stomata", "dogma": "dogmata", "lemma": "lemmata", "schema": "schemata", "anathema": "anathemata", "ox": "oxen",
	"axe": "axes", "die": "dice", "yes": "yeses", "foot": "feet", "eave": "eaves", "goose": "geese", "tooth": "teeth",
	"quiz": "quizzes", "human": "humans", "proof": "proofs", "carve": "carves", "valve": "valves", "looey": "looies",
	"thief": "thieves", "groove": "grooves", "pickaxe": "pickaxes", "passerby": "passersby",
}

// uncountable lists words that are their own plural.
const uncountable = " adulthood advice agenda aid aircraft alcohol ammo analytics anime athletics audio bison blood bream buffalo " +
	"butter carp cash chassis chess clothing cod commerce cooperation corps debris diabetes digestion elk energy equipment " +
	"excretion expertise firmware flounder fun gallows garbage graffiti hardware headquarters health herpes highjinks homework " +
	"housework information jeans justice kudos labour literature machinery mackerel mail media mews moose music mud manga news " +
	"only personnel pike plankton pliers police pollution premises rain research rice salmon scissors series sewage shambles " +
	"shrimp software species staff swine tennis traffic transportation trout tuna wealth welfare whiting wildebeest wildlife you "
