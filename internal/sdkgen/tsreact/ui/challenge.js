import { jsx as _jsx, Fragment as _Fragment, jsxs as _jsxs } from "react/jsx-runtime";
// What comes after a first proof: a second factor, or codes to keep.
import { useState } from 'react';
import { Form } from './form.js';
import { Panel } from './parts.js';
import { useTexts } from './texts.js';
const digits = (t) => ({ name: 'code', label: t('code'), code: true, autoComplete: 'one-time-code' });
/** Asks for the code of a mail or an app. */
export const codeField = digits;
export function SecondFactor({ challenge: c, heading, entered, again }) {
    const t = useTexts();
    const [kind, setKind] = useState(c.kinds[0] ?? 'totp');
    const [totp, setTotp] = useState();
    const answer = async (code = '') => entered(await c.answer(code.replace(/ /g, '')));
    const others = c.kinds.filter((k) => k !== kind);
    const otherText = { totp: 'useApp', recovery: 'useRecovery', passkey: 'usePasskey', enrol: 'enrolTitle' };
    const title = t({ totp: 'codeTitle', recovery: 'recoveryTitle', passkey: 'passkeyTitle', enrol: 'enrolTitle' }[kind]);
    return (_jsxs(Panel, { title: title, heading: heading, focus: true, children: [kind === 'totp' && (_jsxs(_Fragment, { children: [_jsx("p", { className: "loam-text", children: t('codeHelp') }), _jsx(Form, { fields: [digits(t)], submit: t('continue'), send: ({ code }) => answer(code) })] })), kind === 'recovery' && (_jsxs(_Fragment, { children: [_jsx("p", { className: "loam-text", children: t('recoveryHelp') }), _jsx(Form, { fields: [{ name: 'code', label: t('recoveryCode') }], submit: t('continue'), send: ({ code }) => answer(code) })] })), kind === 'passkey' && (_jsxs(_Fragment, { children: [_jsx("p", { className: "loam-text", children: t('passkeyHelp') }), _jsx(Form, { submit: t('continuePasskey'), send: async () => entered(await c.answerWithPasskey()) })] })), kind === 'enrol' && !totp && (_jsxs(_Fragment, { children: [_jsx("p", { className: "loam-text", children: t('enrolHelp') }), _jsx(Form, { submit: t('enrolShow'), send: async () => setTotp(await c.enrol()) })] })), kind === 'enrol' && totp && (_jsxs(_Fragment, { children: [_jsx("img", { className: "loam-qr", src: totp.qr, alt: t('enrolPicture'), width: 200, height: 200 }), _jsxs("p", { className: "loam-hint", children: [t('enrolSecret'), " ", _jsx("code", { children: totp.secret })] }), _jsx(Form, { fields: [digits(t)], submit: t('continue'), send: ({ code }) => answer(code) })] })), _jsxs("div", { className: "loam-others", children: [others.map((k) => (_jsx("button", { type: "button", className: "loam-plain", onClick: () => setKind(k), children: t(otherText[k]) }, k))), _jsx("button", { type: "button", className: "loam-plain", onClick: again, children: t('startAgain') })] })] }, kind + (totp ? '2' : '')));
}
/** Codes that are shown this once. */
export function RecoveryCodes({ codes, heading, done }) {
    const t = useTexts();
    return (_jsxs(Panel, { title: t('codesTitle'), heading: heading, focus: true, children: [_jsx("p", { className: "loam-text", children: t('codesHelp') }), _jsx("pre", { className: "loam-codes", tabIndex: 0, "aria-label": t('codes'), role: "group", children: codes.join('\n') }), _jsx(Form, { submit: t('codesKept'), send: done })] }));
}
