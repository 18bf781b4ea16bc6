package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// settleNames gives tables and columns names that every database keeps whole:
// PostgreSQL cuts off what is longer and says nothing, so that two may become one.
func (m *modelDef) settleNames() {
	m.Table = physical(m.Table)
	fields := m.Fields
	if m.Profile != nil {
		fields = append(fields[:len(fields):len(fields)], m.Profile.Fields...)
	}
	for _, f := range fields {
		f.Column = physical(f.Column)
	}
}

// physical is the name, or a long one's start and a hash of the whole. Case is no
// part of it: databases differ in whether they see it.
func physical(name string) string {
	if len(name) <= longestPhysical {
		return name
	}
	sum := sha256.Sum256([]byte(strings.ToLower(name)))
	hash := "_" + hex.EncodeToString(sum[:8])
	return name[:longestPhysical-len(hash)] + hash
}
