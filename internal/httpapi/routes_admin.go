package httpapi

// adminRoutes are for admins of the server, and for who runs it.
var adminRoutes = []route{
	{"POST /auth/admin/claim", signedIn, claimAdmin, "makes the caller the first admin of the server, by the token that its terminal shows"},
	{"GET /auth/admin/users", adminReads, adminUsers, "a page of all users; `?search=`, `disabled`, `admin`, `org`, `sort`"},
	{"POST /auth/admin/users", adminActs, adminCreateUser, "makes a user, who is mailed a link to choose a password where none is sent"},
	{"GET /auth/admin/users/{user}", adminReads, adminUser, "a user, by id or address"},
	{"PATCH /auth/admin/users/{user}", adminActs, adminChangeUser, "changes a user's name, address, groups and standing"},
	{"DELETE /auth/admin/users/{user}", adminActs, adminDeleteUser, "deletes a user"},
	{"POST /auth/admin/users/{user}/sessions/end", adminActs, adminSignOut, "ends a user's sessions"},
	{"POST /auth/admin/users/{user}/impersonate", adminActs, adminImpersonate, "a session that acts as the user: 30 minutes, marked everywhere, for reading unless asked and allowed"},
	{"POST /auth/admin/import", adminUploads, adminImport, "makes users of a file; `?format=csv`, `json` or `firebase`, `dryRun`, `update`, `stopAtError`"},
	{"POST /auth/admin/keys/rotate", adminActs, adminRotateKeys, "signs tokens with a new key"},
	{"GET /auth/admin/jobs", adminReads, adminJobs, "a page of background jobs, newest first; `?state=dead`, those that were given up, or `waiting`"},
	{"POST /auth/admin/jobs/{id}/retry", adminActs, adminRetryJob, "runs a job that was given up again"},
	{"DELETE /auth/admin/jobs/{id}", adminActs, adminDropJob, "drops a job that was given up"},
	{"GET /auth/admin/organizations", adminReads, adminOrganizations, "a page of all organizations"},
	{"POST /auth/admin/organizations", adminActs, adminFound, "founds an organization for a user"},
	{"GET /auth/admin/organizations/{org}", adminReads, adminOrganization, "any organization, by id or slug"},
	{"PATCH /auth/admin/organizations/{org}", adminActs, adminChangeOrganization, "changes its name, slug, logo or colour"},
	{"DELETE /auth/admin/organizations/{org}", adminActs, adminDeleteOrganization, "deletes it with all that is in it; `confirm` is its slug"},
	{"POST /auth/admin/organizations/{org}/export", adminActs, adminExportOrganization, "all that is in it, as JSON Lines"},
	{"GET /auth/admin/organizations/{org}/members", adminReads, adminMembers, "a page of its members"},
	{"POST /auth/admin/organizations/{org}/members", adminActs, adminAddMember, "makes any user a member"},
	{"POST /auth/admin/organizations/{org}/suspend", adminActs, suspendOrganization, "closes an organization to its members and keys"},
	{"POST /auth/admin/organizations/{org}/restore", adminActs, restoreOrganization, "opens it again"},
	{"PUT /auth/admin/organizations/{org}/limits", adminActs, limitOrganization, "sets limits of its own"},
}
