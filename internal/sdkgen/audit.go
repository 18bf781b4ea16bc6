package sdkgen

// tagAudit is of the audit log's doors.
const tagAudit = "Audit log"

// addAudit adds the doors of an organization's audit log.
func (d *document) addAudit() {
	d.tags = append(d.tags, object{{"name", tagAudit}, {"description", "What happened to the accounts and members of an organization, for its owners and admins."}})
	text, at := object{{"type", "string"}}, object{{"type", "string"}, {"format", "date-time"}}
	record := d.name("AuditRecord")
	d.add(record, objectSchema("", object{
		{"id", object{{"type", "string"}, {"description", "The record's hash."}}}, {"at", at},
		{"action", object{{"type", "string"}, {"description", "Such as `org.member_added`."}}},
		{"outcome", object{{"type", "string"}, {"enum", []string{"success", "failure", "denied"}}}},
		{"organization", text}, {"actor", object{{"type", "string"}, {"description", "`user:<id>`, `key:<id>`, `anonymous` or `system`."}}},
		{"impersonator", text}, {"target", text}, {"address", text}, {"agent", text}, {"requestId", text},
		{"details", object{{"type", "object"}, {"additionalProperties", true}}},
	}, []string{"id", "at", "action", "outcome", "actor", "details"}))
	parameter := func(name, description string, schema object) object {
		return object{{"name", name}, {"in", "query"}, {"description", description}, {"schema", schema}}
	}
	org := pathParameter("org", "The organization's id.")
	filters := []object{
		parameter("action", "Only records of this action.", text), parameter("actor", "Only records of this actor.", text),
		parameter("since", "At or after.", at), parameter("until", "Before.", at),
	}
	of := func(o operation) object {
		o.tag, o.security, o.problems, o.status = tagAudit, signedIn(), memberProblems, "200"
		return o.json()
	}
	d.path("/auth/organizations/{org}/audit", object{{"get", of(operation{
		id: "authListAudit", summary: "List the records", parameters: append([]object{org, sharedParameter("limit"), sharedParameter("cursor")}, filters...),
		answer: answers("A page of records, newest first.", items(record)),
	})}})
	d.path("/auth/organizations/{org}/audit/export", object{{"get", of(operation{
		id: "authExportAudit", summary: "Export the records", parameters: append([]object{org}, filters...),
		answer: object{{"description", "One record a line, oldest first."}, {"content", object{{"application/jsonl", object{{"schema", ref(record)}}}}}},
	})}})
}
