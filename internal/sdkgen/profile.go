package sdkgen

import "github.com/loam-dev/loam/internal/schema"

// own lists the fields that the app gives a built-in model.
func (d *document) own(model string) (m *schema.Model, fields []*schema.Field) {
	m = d.schema.Model(model)
	if m == nil || m.Profile == nil {
		return m, nil
	}
	for _, f := range m.Profile.Fields {
		if !f.Implicit {
			fields = append(fields, f)
		}
	}
	return m, fields
}

// withOwn is the schema of a user or an organization with their own fields.
func (d *document) withOwn(name, model string) object {
	own := d.ownRow(model)
	if len(own) == 0 {
		return ref(name)
	}
	return object{{"allOf", []object{ref(name), objectSchema("The fields of `extend type "+model+"`.", own, nil)}}}
}

// ownRow is what an answer has of them; what the caller may not read is left out.
func (d *document) ownRow(model string) object {
	m, fields := d.own(model)
	out := object{}
	for _, f := range fields {
		out = append(out, member{f.Name, described(f, d.value(m.Field(f.Name)), f.Doc)})
	}
	return out
}

// ownInput is what a body may have of them.
func (d *document) ownInput(model string) object {
	m, fields := d.own(model)
	out := object{}
	for _, f := range fields {
		out = append(out, member{f.Name, d.input(m.Profile, f, f.Default)})
	}
	return out
}
