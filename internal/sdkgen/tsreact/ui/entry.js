import { jsx as _jsx, jsxs as _jsxs } from "react/jsx-runtime";
// What signing in and signing up share: the steps that may follow, and how they end.
import { useState } from 'react';
import { useLoam } from '../context.js';
import { codeField, RecoveryCodes, SecondFactor } from './challenge.js';
import { Form } from './form.js';
import { Panel } from './parts.js';
import { useTexts } from './texts.js';
/** What follows a proof, and takes the place of what asked for it. */
export function useNext({ onSignedIn, redirect, heading = 'h1' }) {
    const { client } = useLoam();
    const [next, setNext] = useState();
    const done = (who) => {
        setNext(undefined);
        onSignedIn?.(who);
    };
    const entered = (answer) => {
        if (answer.status === 'unconfirmed')
            return setNext({ at: 'confirm', email: answer.user.email ?? '' });
        if (answer.status === 'challenge')
            return setNext({ at: 'challenge', challenge: answer.challenge });
        const who = { user: answer.user, organization: answer.organization };
        if (answer.recoveryCodes?.length)
            return setNext({ at: 'codes', codes: answer.recoveryCodes, who });
        done(who);
    };
    const confirm = (email) => setNext({ at: 'confirm', email });
    const again = () => setNext(undefined);
    let panel;
    if (next?.at === 'challenge')
        panel = _jsx(SecondFactor, { challenge: next.challenge, heading: heading, entered: entered, again: again }, next.challenge.id);
    else if (next?.at === 'codes')
        panel = _jsx(RecoveryCodes, { codes: next.codes, heading: heading, done: () => done(next.who) });
    else if (next?.at === 'confirm') {
        const { email } = next;
        panel = (_jsx(Mailed, { heading: heading, text: "mailed", email: email, code: true, link: false, submit: "confirm", send: async (code) => entered(await client.auth.confirm({ email, code })), resend: () => client.auth.resendConfirmation({ email, ...(redirect && { redirect }) }), back: again }));
    }
    return { panel, entered, confirm, heading };
}
/** A mail is on its way; its code is asked for. */
export function Mailed({ heading, text, email, code, link, submit, send, resend, back }) {
    const t = useTexts();
    return (_jsxs(Panel, { title: t('checkMail'), heading: heading, focus: true, children: [_jsxs("p", { className: "loam-note", role: "status", children: [t(text, { email }), " ", t(code && link ? 'enterOrFollow' : code ? 'enterCode' : 'followLink')] }), code && _jsx(Form, { fields: [codeField(t)], submit: t(submit), send: (v) => send(v['code'] ?? '') }), _jsx(Again, { send: resend }), _jsx("p", { className: "loam-foot", children: _jsx("button", { type: "button", className: "loam-plain", onClick: back, children: t('back') }) })] }));
}
/** Offers to send a mail once more. */
export function Again({ send }) {
    const t = useTexts();
    const [said, setSaid] = useState('');
    const press = async () => {
        setSaid('');
        try {
            await send();
            setSaid(t('sentAgain'));
        }
        catch (err) {
            setSaid(t.error(err));
        }
    };
    return (_jsxs("p", { className: "loam-hint loam-again", children: [t('nothingCame'), ' ', _jsx("button", { type: "button", className: "loam-plain", onClick: () => void press(), children: t('again') }), ' ', _jsx("span", { role: "status", children: said })] }));
}
