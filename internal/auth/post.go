package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/jobs"
	"github.com/loam-dev/loam/internal/mail"
	"github.com/loam-dev/loam/internal/person"
	"github.com/loam-dev/loam/internal/store"
)

// Mailer sends mail once the caller's transaction is durable. The mail room has it.
type Mailer interface {
	Send(c store.Conn, m mail.Message) error
}

// Queue is where work waits for the caller's transaction to be durable. The jobs
// room has it.
type Queue interface {
	Add(c store.Conn, j jobs.Job) error
}

// PostJob is the kind of the jobs that send what somebody asked for by an address;
// Post does their work.
const PostJob = "auth.post"

// Ask is what somebody sends who wants a mail. Redirect is a page of the app that
// the link leads to, one of auth.redirects; "" is the server's own.
type Ask struct {
	Email    string `json:"email"`
	Redirect string `json:"redirect"`
	Locale   string `json:"locale"`
}

// posted is an Ask in the queue.
type posted struct {
	Ask
	Purpose purpose `json:"purpose"`
}

// ask puts a wish for a mail into the queue, for any address alike: neither the
// answer nor the time that it takes tells whether the address has an account.
func (s *Service) ask(ctx context.Context, to purpose, in Ask, from Client) error {
	var err error
	if in.Email, err = person.Email(in.Email); err != nil {
		return err
	}
	if in.Locale, err = person.Locale(in.Locale); err != nil {
		return err
	}
	if err := s.mayRedirect(in.Redirect); err != nil {
		return err
	}
	if err := s.mails.count(ctx, in.Email, from); err != nil {
		return err
	}
	payload, err := json.Marshal(posted{in, to})
	if err != nil {
		return wrap("encoding a wish for mail", err)
	}
	return wrap("queueing a wish for mail", s.engine.Write(ctx, func(c store.Conn) error {
		return s.queue.Add(c, jobs.Job{Kind: PostJob, Payload: payload})
	}))
}

// Post answers one wish from the queue: the handler of PostJob.
func (s *Service) Post(ctx context.Context, payload []byte) error {
	var p posted
	if err := json.Unmarshal(payload, &p); err != nil {
		return jobs.Permanent(wrap("reading a wish for mail", err))
	}
	err := s.engine.Write(ctx, func(c store.Conn) error {
		user, err := findAccount(c, selectAccount+`WHERE u."email" = ?1`, p.Email)
		if err != nil && !errors.Is(err, errNoAccount) {
			return err
		}
		known := err == nil
		switch {
		case known && user.disabled:
			return nil
		case p.Purpose == toConfirm:
			if !known || user.EmailVerified {
				return nil
			}
			waiting, err := pendingSignUp(c, p.Email)
			if err != nil {
				return err
			}
			return s.sendConfirmation(c, user, waiting, p.Ask)
		case p.Purpose == toReset && known:
			return s.sendTicket(c, toReset, ticket{user: user.ID, email: user.Email}, user, p.Ask)
		case p.Purpose == toSignIn && (known || s.settings.SignUp == signUpOpen):
			return s.sendTicket(c, toSignIn, ticket{user: user.ID, email: p.Email}, user, p.Ask)
		}
		return nil
	})
	if fault.Is(err, fault.MailTooMany) {
		return jobs.Permanent(err)
	}
	return wrap("answering a wish for mail", err)
}

// sendTicket issues a ticket and mails it: to its address, which is the one on
// record, however it was spelled by who asked.
func (s *Service) sendTicket(c store.Conn, to purpose, t ticket, user account, in Ask) error {
	token, code, err := s.issue(c, to, t)
	if err != nil {
		return err
	}
	values := map[string]any{"Link": s.address(to, token, in.Redirect), "Code": string(code), "Expires": lives[to]}
	switch {
	case to == toConfirm && s.settings.Email.Confirm == confirmByCode, to == toSignIn && !s.settings.Email.Link:
		delete(values, "Link")
	case to == toConfirm, to == toSignIn && !s.settings.Email.Code, to == toLeave, to == toMove:
		delete(values, "Code")
	}
	return s.mail(c, user, t.email, s.template(to), in.Locale, values)
}

// template is the mail room's name of the message that carries a ticket.
func (s *Service) template(to purpose) string {
	switch {
	case to == toConfirm && s.settings.Email.Confirm != confirmByCode:
		return "confirm_link"
	case to == toSignIn && s.settings.Email.Code:
		return "sign_in_code"
	case to == toSignIn:
		return "sign_in_link"
	case to == toLeave:
		return "email_change_notice"
	case to == toMove:
		return "email_change"
	}
	return string(to)
}

// mail sends a message to a user, in their language.
func (s *Service) mail(c store.Conn, user account, to, template, wanted string, values map[string]any) error {
	if user.Locale != "" {
		wanted = user.Locale
	}
	return s.mailer.Send(c, mail.Message{Template: template, To: to, Name: user.Name, Locale: wanted, Org: user.org, Data: values})
}

// pages are where the links lead by themselves: pages of the server, which read
// the token from the fragment, that no log and no Referer has.
var pages = map[purpose]string{toConfirm: "confirm", toReset: "reset", toSignIn: "link", toLeave: "email", toMove: "email"}

// address is where a mail leads. It starts with the configured address, whatever
// host the request named. The app's own page is told what the token is for.
func (s *Service) address(to purpose, token Secret, redirect string) string {
	if redirect == "" {
		return s.page(pages[to]) + "#token=" + string(token)
	}
	u, err := url.Parse(redirect)
	if err != nil {
		return redirect // of the configuration, which has checked it
	}
	query := u.Query()
	query.Set("token", string(token))
	query.Set("for", string(to))
	u.RawQuery = query.Encode()
	return u.String()
}

// page is the address of one of the server's own pages.
func (s *Service) page(name string) string { return s.url + "/account/" + name }

// mayRedirect lets pages pass that the configuration names, letter by letter.
func (s *Service) mayRedirect(to string) error {
	if to == "" || slices.Contains(s.settings.Redirects, to) {
		return nil
	}
	return fault.New(fault.AuthBadRedirect, "this page is not among auth.redirects of loam.yaml; name it there, exactly as it is sent").At("redirect")
}
