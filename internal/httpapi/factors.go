package httpapi

import (
	"net/http"

	"github.com/loam-dev/loam/internal/auth"
)

func answerChallenge(c *call) (reply, error) {
	in, err := decode[auth.Answer](c)
	if err != nil {
		return reply{}, err
	}
	session, err := c.api.Auth.AnswerChallenge(c.Context(), in, c.client())
	return c.answer(http.StatusOK, session, err)
}

func enrolByChallenge(c *call) (reply, error) {
	in, err := decode[auth.ChallengeID](c)
	if err != nil {
		return reply{}, err
	}
	secret, err := c.api.Auth.EnrolByChallenge(c.Context(), in)
	return c.answer(http.StatusOK, secret, err)
}

func reauthenticate(c *call) (reply, error) {
	in, err := decode[auth.Reauthenticate](c)
	if err != nil {
		return reply{}, err
	}
	return c.answer(http.StatusNoContent, nil, c.api.Auth.Reauthenticate(c.Context(), c.by, in, c.client()))
}

func listFactors(c *call) (reply, error) {
	has, err := c.api.Auth.ListFactors(c.Context(), c.by)
	return c.answer(http.StatusOK, has, err)
}

func beginTOTP(c *call) (reply, error) {
	secret, err := c.api.Auth.BeginTOTP(c.Context(), c.by)
	return c.answer(http.StatusOK, secret, err)
}

func confirmTOTP(c *call) (reply, error) {
	in, err := decode[auth.Code](c)
	if err != nil {
		return reply{}, err
	}
	codes, err := c.api.Auth.ConfirmTOTP(c.Context(), c.by, in)
	return c.answer(http.StatusOK, codes, err)
}

func removeTOTP(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.api.Auth.RemoveTOTP(c.Context(), c.by))
}

func renewRecoveryCodes(c *call) (reply, error) {
	codes, err := c.api.Auth.RenewRecoveryCodes(c.Context(), c.by)
	return c.answer(http.StatusOK, codes, err)
}
