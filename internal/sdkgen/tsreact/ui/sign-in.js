import { jsx as _jsx, jsxs as _jsxs } from "react/jsx-runtime";
import { useEffect, useRef, useState } from 'react';
import { useLoam } from '../context.js';
import { codeField } from './challenge.js';
import { Again, Mailed, useNext } from './entry.js';
import { Followed, useMailedLink } from './followed.js';
import { FieldError, Form, Quiet } from './form.js';
import { Panel } from './parts.js';
import { useSettings } from './settings.js';
import { useTexts } from './texts.js';
/** Signs somebody in, by every way that the server allows. */
export function SignIn({ onSignUp, ...entry }) {
    const t = useTexts();
    const { settings, error, retry } = useSettings();
    const { panel, entered, confirm, heading } = useNext(entry);
    const [step, setStep] = useState('start');
    const [moved, setMoved] = useState(false);
    const [email, setEmail] = useState('');
    const { client } = useLoam();
    const back = useReturn(entered);
    const [link, linkUsed] = useMailedLink();
    if (panel)
        return panel;
    const go = (to) => {
        setMoved(true);
        setStep(to);
    };
    const toStart = () => go('start');
    if (!settings) {
        return (_jsx(Panel, { title: t('signIn'), heading: heading, children: error ? _jsx(Form, { submit: t('continue'), send: async () => void (await retry()), children: _jsx("span", { className: "loam-wrong", children: t.error(error) }) }) : _jsx("p", { role: "status", children: t('loading') }) }));
    }
    if (link)
        return _jsx(Followed, { link, settings, entered, heading, back: linkUsed });
    const parts = { t, settings, entry, email, setEmail, entered, go, heading, moved };
    if (step === 'mail')
        return _jsx(ByMail, { ...parts });
    if (step === 'mailed') {
        const { code, link } = settings.ways.email;
        return (_jsx(Mailed, { heading: heading, text: "signInMailed", email: email, code: code, link: link, submit: "signIn", send: async (c) => entered(await client.auth.signInByMail({ email, code: c })), resend: () => client.auth.sendSignIn({ email, ...redirectOf(entry) }), back: toStart }));
    }
    if (step === 'company')
        return _jsx(Company, { ...parts });
    if (step === 'forgot' || step === 'reset')
        return _jsx(Reset, { ...parts, step: step });
    return _jsx(Start, { ...parts, failed: back, confirm: confirm, onSignUp: onSignUp });
}
const redirectOf = (entry) => (entry.redirect ? { redirect: entry.redirect } : {});
const here = () => location.origin + location.pathname;
const emailField = (t, value, autoComplete = 'username') => ({ name: 'email', label: t('email'), type: 'email', value, autoComplete });
// Ends a way that led to a provider.
function useReturn(entered) {
    const { client } = useLoam();
    const [failed, setFailed] = useState();
    const once = useRef(false);
    useEffect(() => {
        const query = new URLSearchParams(location.search);
        if (once.current || !(query.has('code') || query.has('error')))
            return;
        once.current = true;
        const url = location.href;
        query.delete('code');
        query.delete('error');
        client.auth.finishRedirect(url).then((answer) => {
            if (!answer)
                return; // not ours
            history.replaceState(history.state, '', location.pathname + (query.size > 0 ? '?' + query.toString() : '') + location.hash);
            entered(answer);
        }, setFailed);
    }, []);
    return failed;
}
const passkeysWork = () => typeof PublicKeyCredential === 'function';
function Start({ t, settings, entry, email, setEmail, entered, go, heading, moved, failed, confirm, onSignUp }) {
    const { client } = useLoam();
    const { ways, providers } = settings;
    const [wrong, setWrong] = useState(failed);
    useEffect(() => setWrong(failed), [failed]);
    const suggested = useSuggestions(ways.passkeys, entered);
    const byMail = ways.email.code || ways.email.link;
    const mailText = t(ways.email.code ? 'signInCode' : 'signInLink');
    const byPasskey = ways.passkeys && passkeysWork();
    // One thing at a time: a browser asks for one passkey.
    const press = async (act) => {
        setWrong(undefined);
        suggested.stop();
        try {
            await act();
        }
        catch (err) {
            setWrong(err);
            suggested.start();
        }
    };
    const leave = (provider) => client.auth.signInWithProvider(provider, { redirect: entry.redirect ?? here() });
    const byPassword = async ({ email: typed = '', password = '' }) => {
        setEmail(typed);
        try {
            const answer = await client.auth.signIn({ email: typed, password });
            suggested.stop();
            entered(answer);
        }
        catch (err) {
            const { code } = err;
            if (code === 'federation/sso_required') {
                const { provider } = await client.auth.discover(typed);
                if (!provider)
                    throw err;
                await leave(provider);
                throw new Quiet();
            }
            if (code !== 'auth/unconfirmed')
                throw err;
            await client.auth.resendConfirmation({ email: typed, ...redirectOf(entry) });
            confirm(typed);
        }
    };
    const first = ways.password.enabled || byMail;
    return (_jsxs(Panel, { title: ways.name ? t('signInTo', { app: ways.name }) : t('signIn'), heading: heading, focus: moved, children: [byPasskey && (_jsx("button", { type: "button", className: "loam-button loam-wide", onClick: () => void press(async () => entered(await client.auth.signInWithPasskey())), children: t('signInPasskey') })), _jsx("p", { className: "loam-wrong", role: "alert", children: wrong !== undefined && t.error(wrong) }), byPasskey && first && _jsx("p", { className: "loam-or", children: t('or') }), ways.password.enabled ? (_jsx(Form, { fields: [emailField(t, email, 'username webauthn'), { name: 'password', label: t('password'), type: 'password', autoComplete: 'current-password' }], submit: t('signIn'), send: byPassword, children: _jsx("button", { type: "button", className: "loam-plain", onClick: () => go('forgot'), children: t('forgot') }) })) : (byMail && _jsx(MailForm, { t, settings, entry, email, setEmail, go, autoComplete: "username webauthn" })), ((byMail && ways.password.enabled) || providers.length > 0) && (_jsxs("div", { className: "loam-ways", children: [first && _jsx("p", { className: "loam-or", children: t('or') }), byMail && ways.password.enabled && (_jsx("button", { type: "button", className: "loam-button loam-wide", onClick: () => go('mail'), children: mailText })), providers.map((p) => (_jsx("button", { type: "button", className: "loam-button loam-wide", onClick: () => void press(() => leave(p.name)), children: t('signInProvider', { provider: p.label }) }, p.name)))] })), ways.organizations.domains && (_jsx("p", { className: "loam-center", children: _jsx("button", { type: "button", className: "loam-plain", onClick: () => go('company'), children: t('signInCompany') }) })), onSignUp && ways.signUp !== 'closed' && (_jsxs("p", { className: "loam-foot", children: [t('newHere'), ' ', _jsx("button", { type: "button", className: "loam-plain", onClick: onSignUp, children: t('createAccount') })] }))] }));
}
// A passkey that is picked from the suggestions of the address's field.
function useSuggestions(wanted, entered) {
    const { client } = useLoam();
    const waiting = useRef(undefined);
    const latest = useRef(entered);
    latest.current = entered;
    const stop = () => waiting.current?.abort();
    const start = async () => {
        stop();
        if (!wanted || !passkeysWork() || !(await PublicKeyCredential.isConditionalMediationAvailable?.()))
            return;
        const now = (waiting.current = new AbortController());
        try {
            const answer = await client.auth.signInWithPasskey({ signal: now.signal, conditional: true });
            if (!now.signal.aborted)
                latest.current(answer);
        }
        catch {
            // the form is still there
        }
    };
    useEffect(() => {
        const late = setTimeout(() => void start()); // not for a mount that is taken back at once
        return () => {
            clearTimeout(late);
            stop();
        };
    }, [wanted]);
    return { stop, start: () => void start() };
}
function MailForm({ t, settings, entry, email, setEmail, go, autoComplete }) {
    const { client } = useLoam();
    return (_jsx(Form, { fields: [emailField(t, email, autoComplete)], submit: t(settings.ways.email.code ? 'signInCode' : 'signInLink'), send: async ({ email: typed = '' }) => {
            await client.auth.sendSignIn({ email: typed, ...redirectOf(entry) });
            setEmail(typed);
            go('mailed');
        } }));
}
const Back = ({ t, go }) => (_jsx("p", { className: "loam-foot", children: _jsx("button", { type: "button", className: "loam-plain", onClick: () => go('start'), children: t('back') }) }));
function ByMail(parts) {
    const { t, settings, heading } = parts;
    return (_jsxs(Panel, { title: t(settings.ways.email.code ? 'signInCode' : 'signInLink'), heading: heading, focus: true, children: [_jsx(MailForm, { ...parts }), _jsx(Back, { ...parts })] }));
}
function Company(parts) {
    const { t, heading, email, setEmail, entry } = parts;
    const { client } = useLoam();
    return (_jsxs(Panel, { title: t('signInCompany'), heading: heading, focus: true, children: [_jsx("p", { className: "loam-text", children: t('companyHelp') }), _jsx(Form, { fields: [{ ...emailField(t, email), label: t('workEmail') }], submit: t('continue'), send: async ({ email: typed = '' }) => {
                    setEmail(typed);
                    const { kind, provider } = await client.auth.discover(typed);
                    if (kind !== 'sso' || !provider)
                        throw new FieldError('email', t('noCompany'));
                    await client.auth.signInWithProvider(provider, { redirect: entry.redirect ?? here() });
                } }), _jsx(Back, { ...parts })] }));
}
function Reset({ step, ...parts }) {
    const { t, settings, heading, email, setEmail, entry, entered, go } = parts;
    const { client } = useLoam();
    const ask = (to) => client.auth.forgotPassword({ email: to, ...redirectOf(entry) });
    if (step === 'forgot') {
        return (_jsxs(Panel, { title: t('resetTitle'), heading: heading, focus: true, children: [_jsx("p", { className: "loam-text", children: t('resetHelp') }), _jsx(Form, { fields: [emailField(t, email)], submit: t('resetSend'), send: async ({ email: typed = '' }) => {
                        await ask(typed);
                        setEmail(typed);
                        go('reset');
                    } }), _jsx(Back, { ...parts })] }, "forgot"));
    }
    const min = settings.ways.password.minLength;
    return (_jsxs(Panel, { title: t('checkMail'), heading: heading, focus: true, children: [_jsxs("p", { className: "loam-note", role: "status", children: [t('resetMailed', { email }), " ", t('enterOrFollow')] }), _jsx(Form, { fields: [codeField(t), { name: 'password', label: t('newPassword'), type: 'password', autoComplete: 'new-password', hint: t('passwordHint', { min }) }], submit: t('resetDo'), send: async ({ code = '', password = '' }) => entered(await client.auth.resetPassword({ email, code, password })) }), _jsx(Again, { send: () => ask(email) }), _jsx(Back, { ...parts })] }, "reset"));
}
