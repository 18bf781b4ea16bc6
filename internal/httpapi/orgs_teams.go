package httpapi

import (
	"net/http"

	"github.com/loam-dev/loam/internal/tenant"
)

func listTeams(c *call) (reply, error) {
	teams, err := c.tenants().ListTeams(c.Context(), c.by, c.PathValue("org"))
	return c.answer(http.StatusOK, list[tenant.Team]{Items: teams}, err)
}

func addTeam(c *call) (reply, error) {
	in, err := decode[tenant.NewTeam](c)
	if err != nil {
		return reply{}, err
	}
	team, err := c.tenants().AddTeam(c.Context(), c.by, c.PathValue("org"), in)
	return c.answer(http.StatusCreated, team, err)
}

func changeTeam(c *call) (reply, error) {
	in, err := decode[tenant.ChangeTeam](c)
	if err != nil {
		return reply{}, err
	}
	team, err := c.tenants().ChangeTeam(c.Context(), c.by, c.PathValue("org"), c.PathValue("team"), in)
	return c.answer(http.StatusOK, team, err)
}

func removeTeam(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.tenants().RemoveTeam(c.Context(), c.by, c.PathValue("org"), c.PathValue("team")))
}

func listTeamMembers(c *call) (reply, error) {
	page, err := c.page("members")
	if err != nil {
		return reply{}, err
	}
	people, err := c.tenants().TeamMembers(c.Context(), c.by, c.PathValue("org"), c.PathValue("team"), page)
	return c.answer(http.StatusOK, people, err)
}

func assignMember(c *call) (reply, error) {
	err := c.tenants().Assign(c.Context(), c.by, c.PathValue("org"), c.PathValue("team"), c.PathValue("user"))
	return c.answer(http.StatusNoContent, nil, err)
}

func unassignMember(c *call) (reply, error) {
	err := c.tenants().Unassign(c.Context(), c.by, c.PathValue("org"), c.PathValue("team"), c.PathValue("user"))
	return c.answer(http.StatusNoContent, nil, err)
}
