package httpapi

import (
	"net/http"

	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/factor"
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

func signInOptions(c *call) (reply, error) {
	options, err := c.api.Auth.SignInOptions()
	return c.answer(http.StatusOK, options, err)
}

func signInByPasskey(c *call) (reply, error) {
	in, err := decode[factor.Assertion](c)
	if err != nil {
		return reply{}, err
	}
	session, err := c.api.Auth.SignInByPasskey(c.Context(), in, c.client())
	return c.answer(http.StatusOK, session, err)
}

func challengeOptions(c *call) (reply, error) {
	in, err := decode[auth.ChallengeID](c)
	if err != nil {
		return reply{}, err
	}
	options, err := c.api.Auth.ChallengeOptions(c.Context(), in)
	return c.answer(http.StatusOK, options, err)
}

func reauthenticateOptions(c *call) (reply, error) {
	options, err := c.api.Auth.ReauthenticateOptions(c.Context(), c.by)
	return c.answer(http.StatusOK, options, err)
}

func passkeyOptions(c *call) (reply, error) {
	options, err := c.api.Auth.PasskeyOptions(c.Context(), c.by)
	return c.answer(http.StatusOK, options, err)
}

func listPasskeys(c *call) (reply, error) {
	keys, err := c.api.Auth.ListPasskeys(c.Context(), c.by)
	return c.answer(http.StatusOK, list[factor.Passkey]{Items: keys}, err)
}

func addPasskey(c *call) (reply, error) {
	in, err := decode[factor.NewPasskey](c)
	if err != nil {
		return reply{}, err
	}
	key, err := c.api.Auth.AddPasskey(c.Context(), c.by, in)
	return c.answer(http.StatusCreated, key, err)
}

func renamePasskey(c *call) (reply, error) {
	in, err := decode[auth.Name](c)
	if err != nil {
		return reply{}, err
	}
	key, err := c.api.Auth.RenamePasskey(c.Context(), c.by, c.PathValue("passkey"), in)
	return c.answer(http.StatusOK, key, err)
}

func removePasskey(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.api.Auth.RemovePasskey(c.Context(), c.by, c.PathValue("passkey")))
}
