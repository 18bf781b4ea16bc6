package config

import (
	"fmt"
	"strings"
)

// Reference is the reference page of loam.yaml in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString("# loam.yaml\n\nWhat is not data. Every key may be left out; an unknown key is an error.\n\n" +
		"A text may be written `${NAME}`, whole: it is read from the environment's variable `NAME` then. A secret is always written so, in quotes\n" +
		"inside `{}`. `loam serve` refuses to start where a variable is missing; `loam dev` says so and leaves off what needs it, which is the whole\n" +
		"provider, client, hook or mail server, or else the one setting. `loam check` reads no variables.\n")
	title := ""
	for _, s := range settings() {
		if first, _, grouped := strings.Cut(s.path, "."); grouped && first != title || title == "" {
			if title = first; !grouped {
				title = "The app"
			}
			fmt.Fprintf(&b, "\n## %s\n\n| key | values | default | meaning |\n| --- | --- | --- | --- |\n", title)
		}
		standard := ""
		if s.standard != "" {
			standard = "`" + s.standard + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", placeholder(s.path), s.values(), standard, s.doc)
	}
	b.WriteString("\n## Roles and permissions\n\nOrganizations have these roles, and those of `organizations.roles`. `owner` can't be changed; `admin` and `member` may be declared anew with\n" +
		"other permissions. An owner alone makes, changes and removes owners.\n\n| permission | lets a member |" + header(StandardRoles().Keys()) + "\n")
	for _, p := range permissionTable() {
		fmt.Fprintf(&b, "| `%s` | %s |", p.permission, p.doc)
		for _, role := range StandardRoles().All() {
			b.WriteString(map[bool]string{true: " yes |", false: " |"}[StandardRoles().Allow(role.Key, p.permission)])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// header is the rest of a table's first two lines.
func header(roles []string) string {
	first, second := "", "| --- | --- |"
	for _, role := range roles {
		first, second = first+" `"+role+"` |", second+" --- |"
	}
	return first + "\n" + second
}

// placeholder is a row's path with a name for what the writer chooses.
func placeholder(path string) string {
	for _, e := range entryTable() {
		if name := "<name>"; strings.HasPrefix(path, e.path+".*") {
			if e.keys != nil {
				name = "<" + strings.Join(e.keys, "\\|") + ">"
			}
			if e.name != nil {
				name = "<pattern>"
			}
			return e.path + "." + name + strings.TrimPrefix(path, e.path+".*")
		}
	}
	return path
}

// values says in a cell what a setting may be.
func (s *setting) values() string {
	switch s.kind {
	case settingWord:
		return "`" + strings.Join(s.words, "`, `") + "`"
	case settingDuration, settingBytes, settingNumber:
		return s.print(s.min) + " to " + s.print(s.max)
	case settingSecret:
		return "a secret"
	case settingList:
		if len(s.words) > 0 {
			return "a list of permissions"
		}
		if s.secret {
			return "a list of secrets"
		}
		return "a list, such as `[" + s.form.like + "]`"
	}
	if s.form.read != nil {
		return "such as `" + s.form.like + "`"
	}
	return "text"
}
