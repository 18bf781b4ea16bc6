import { jsx as _jsx, jsxs as _jsxs } from "react/jsx-runtime";
import { useLoam } from '../context.js';
import { useNext } from './entry.js';
import { fieldOf, valuesOf } from './fields.js';
import { Form } from './form.js';
import { Panel } from './parts.js';
import { useSettings } from './settings.js';
import { useTexts } from './texts.js';
/** Makes an account, with the fields of `extend type User`. */
export function SignUp({ onSignIn, invitation, ...entry }) {
    const t = useTexts();
    const { client } = useLoam();
    const { settings, error, retry } = useSettings();
    const { panel, entered, heading } = useNext(entry);
    if (panel)
        return panel;
    const foot = onSignIn && (_jsxs("p", { className: "loam-foot", children: [t('haveAccount'), ' ', _jsx("button", { type: "button", className: "loam-plain", onClick: onSignIn, children: t('signIn') })] }));
    if (!settings) {
        return (_jsx(Panel, { title: t('createAccount'), heading: heading, children: error ? _jsx(Form, { submit: t('continue'), send: async () => void (await retry()), children: _jsx("span", { className: "loam-wrong", children: t.error(error) }) }) : _jsx("p", { role: "status", children: t('loading') }) }));
    }
    const { ways, providers } = settings;
    if (ways.signUp === 'closed' || (ways.signUp === 'invited' && !invitation)) {
        return (_jsxs(Panel, { title: t('byInvitation'), heading: heading, children: [_jsx("p", { className: "loam-text", children: t('byInvitationHelp') }), foot] }));
    }
    const send = async ({ name, email = '', password, ...own }) => {
        const input = { ...valuesOf(ways.fields, own, t), email, locale: navigator.language, ...(name && { name }), ...(password && { password }) };
        entered(await client.auth.signUp({ ...input, ...(entry.redirect && { redirect: entry.redirect }), ...(invitation && { invitation }) }));
    };
    const redirect = entry.redirect;
    return (_jsxs(Panel, { title: t('createAccount'), heading: heading, children: [ways.password.enabled && (_jsx(Form, { fields: [
                    { name: 'name', label: t('name'), autoComplete: 'name', optional: true },
                    { name: 'email', label: t('email'), type: 'email', autoComplete: 'username' },
                    { name: 'password', label: t('password'), type: 'password', autoComplete: 'new-password', hint: t('passwordHint', { min: ways.password.minLength }) },
                    ...ways.fields.map((f) => fieldOf(f, t)),
                ], submit: t('createAccount'), send: send })), providers.length > 0 && (_jsxs("div", { className: "loam-ways", children: [ways.password.enabled && _jsx("p", { className: "loam-or", children: t('or') }), providers.map((p) => (_jsx("button", { type: "button", className: "loam-button loam-wide", onClick: () => void client.auth.signInWithProvider(p.name, { redirect: redirect ?? location.origin + location.pathname }), children: t('signInProvider', { provider: p.label }) }, p.name)))] })), !ways.password.enabled && providers.length === 0 && _jsx("p", { className: "loam-text", children: t('noWays') }), foot] }));
}
