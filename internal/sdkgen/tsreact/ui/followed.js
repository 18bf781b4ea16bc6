import { jsx as _jsx, jsxs as _jsxs } from "react/jsx-runtime";
// What the link of a mail led to. It is used by a click: programs that look at mail open
// links, too.
import { useEffect, useState } from 'react';
import { useLoam } from '../context.js';
import { Form } from './form.js';
import { Panel } from './parts.js';
import { useTexts } from './texts.js';
const purposes = ['confirm', 'reset', 'sign_in', 'change_from', 'change_to'];
/** The mailed link that led to this page. It leaves the address at once: no history has it. */
export function useMailedLink() {
    const [link, setLink] = useState();
    useEffect(() => {
        const query = new URLSearchParams(location.search);
        const token = query.get('token');
        const purpose = purposes.find((p) => p === query.get('for'));
        if (!token || !purpose)
            return; // not ours
        query.delete('token');
        query.delete('for');
        history.replaceState(history.state, '', location.pathname + (query.size > 0 ? '?' + query.toString() : '') + location.hash);
        setLink({ token, purpose });
    }, []);
    return [link, () => setLink(undefined)];
}
export function Followed({ link: { token, purpose }, settings, entered, heading, back }) {
    const t = useTexts();
    const { auth } = useLoam().client;
    const [said, setSaid] = useState('');
    const { name, password } = settings.ways;
    const change = async () => {
        const { changed, email, waiting } = await auth.confirmEmail({ token });
        setSaid(changed ? t('changed', { email }) : t('changeLeft', { which: t(waiting === 'old' ? 'old' : 'new') }));
        if (changed)
            await auth.refresh().catch(() => undefined); // every session ended with that
    };
    const steps = {
        sign_in: { title: name ? t('signInTo', { app: name }) : t('signIn'), submit: t('signIn'), send: async () => entered(await auth.signInByMail({ token })) },
        confirm: { title: t('confirmTitle'), submit: t('confirm'), send: async () => entered(await auth.confirm({ token })) },
        reset: {
            title: t('resetTitle'),
            submit: t('resetDo'),
            send: async ({ password = '' }) => entered(await auth.resetPassword({ token, password })),
            fields: [{ name: 'password', label: t('newPassword'), type: 'password', autoComplete: 'new-password', hint: t('passwordHint', { min: password.minLength }) }],
        },
        change: { title: t('confirmTitle'), submit: t('confirm'), send: change },
    };
    const step = steps[purpose === 'change_from' || purpose === 'change_to' ? 'change' : purpose];
    return (_jsxs(Panel, { title: step.title, heading: heading, focus: true, children: [_jsx("p", { className: "loam-note", role: "status", children: said || t('followed') }), !said && _jsx(Form, { fields: step.fields, submit: step.submit, send: step.send }), _jsx("p", { className: "loam-foot", children: _jsx("button", { type: "button", className: "loam-plain", onClick: back, children: t(said ? 'signIn' : 'back') }) })] }, said));
}
