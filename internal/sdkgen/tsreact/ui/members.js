import { jsx as _jsx, jsxs as _jsxs, Fragment as _Fragment } from "react/jsx-runtime";
import { useState } from 'react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useAuth } from '../auth.js';
import { root, useLoam } from '../context.js';
import { nameOf } from '../identity.js';
import { Form } from './form.js';
import { Dialog } from './parts.js';
import { useTexts } from './texts.js';
const titled = (roles, id) => {
    const name = roles.find((r) => r.role === id)?.name || id;
    return name.charAt(0).toUpperCase() + name.slice(1);
};
const day = (time) => new Date(time).toLocaleDateString(undefined, { dateStyle: 'medium' });
// All pages of what the organization has, under whose it is.
function usePart(name, enabled, ask) {
    const { queryClient } = useLoam();
    const who = nameOf(useAuth());
    return useInfiniteQuery({
        queryKey: [root, who, name],
        queryFn: ({ pageParam }) => ask(pageParam),
        initialPageParam: null,
        getNextPageParam: (last) => last.nextCursor,
        enabled,
        retry: false,
    }, queryClient);
}
/** Who works in the active organization: invites, changes roles and removes, as far as the caller may. */
export function Members({ heading: H = 'h2' }) {
    const t = useTexts();
    const { queryClient } = useLoam();
    const auth = useAuth();
    const { organizations: o, organization, user } = auth;
    const who = nameOf(auth);
    const [said, setSaid] = useState('');
    const [wrong, setWrong] = useState();
    const [sure, setSure] = useState();
    const roles = useQuery({ queryKey: [root, who, '/roles'], queryFn: () => o.roles(), enabled: organization !== null, retry: false }, queryClient);
    const all = roles.data ?? [];
    const own = all.find((r) => r.role === organization?.role);
    const may = (permission) => own?.permissions.includes(permission) ?? false;
    const members = usePart('/members', may('members.read'), (cursor) => o.members({ cursor }));
    const invitations = usePart('/invitations', may('members.invite'), (cursor) => o.invitations({ cursor }));
    const Below = H === 'h1' ? 'h2' : 'h3';
    const refresh = () => queryClient.invalidateQueries({ queryKey: [root, who], predicate: (q) => q.queryKey[2] === '/members' || q.queryKey[2] === '/invitations' });
    const change = async (act, then) => {
        setSaid('');
        setWrong(undefined);
        await act();
        setSaid(then);
        void refresh();
    };
    const tried = (act, then) => change(act, then).catch(setWrong);
    // The roles that the caller may give: they allow nothing that the own does not.
    const given = (value) => all.filter((r) => r.role === value || (r.permissions.every(may) && (r.role !== 'owner' || organization?.role === 'owner'))).map((r) => [r.role, titled(all, r.role)]);
    const title = _jsx(H, { className: "loam-title", children: t('members') });
    if (!organization) {
        return (_jsxs("section", { className: "loam-ui loam-members", children: [title, _jsx("p", { className: "loam-note", children: t('noOrganization') })] }));
    }
    const error = wrong ?? roles.error ?? members.error ?? invitations.error;
    const open = invitations.data?.pages.flatMap((p) => p.items) ?? [];
    const role = { name: 'role', label: t('role'), value: 'member', options: given('member') };
    return (_jsxs("section", { className: "loam-ui loam-members", "aria-label": t('members'), children: [title, _jsx("p", { className: "loam-status", role: "status", children: said }), _jsx("p", { className: "loam-wrong", role: "alert", children: error !== null && error !== undefined && t.error(error) }), roles.isPending && _jsx("p", { role: "status", children: t('loading') }), may('members.invite') && (_jsxs(_Fragment, { children: [_jsx(Below, { className: "loam-subtitle", children: t('invite') }), _jsx("p", { className: "loam-hint", children: t('inviteHelp') }), _jsx(Form, { across: true, label: t('invite'), fields: [{ name: 'email', label: t('email'), type: 'email' }, role], submit: t('inviteSend'), send: ({ email = '', role: r = 'member' }) => change(() => o.invite({ email, role: r }), t('invited', { email })) }, open.length)] })), open.length > 0 && (_jsxs(_Fragment, { children: [_jsx(Below, { className: "loam-subtitle", children: t('invitations') }), _jsx("ul", { className: "loam-list", children: open.map((i) => (_jsx(InvitationRow, { of: i, role: titled(all, i.role), tried: tried, ask: setSure }, i.id))) }), _jsx(More, { query: invitations })] })), own && !may('members.read') && _jsx("p", { className: "loam-note", children: t('mayNotRead') }), members.data && (_jsxs(_Fragment, { children: [(may('members.invite') || open.length > 0) && _jsx(Below, { className: "loam-subtitle", children: t('members') }), _jsx("ul", { className: "loam-list", children: members.data.pages
                            .flatMap((p) => p.items)
                            .map((m) => {
                            const self = m.userId === user?.id;
                            const free = m.role !== 'owner' || organization.role === 'owner';
                            const options = free && may('members.role') ? given(m.role) : undefined;
                            return _jsx(MemberRow, { of: m, self: self, role: titled(all, m.role), options: options, removes: free && !self && may('members.remove'), tried: tried, ask: setSure }, m.userId);
                        }) }), _jsx(More, { query: members })] })), sure && (_jsxs(Dialog, { title: sure.title, onClose: () => setSure(undefined), children: [_jsx("p", { className: "loam-text", children: sure.text }), _jsx(Form, { submit: sure.submit, danger: true, send: async () => {
                            await sure.act();
                            setSure(undefined);
                        }, children: _jsx("button", { type: "button", className: "loam-button", onClick: () => setSure(undefined), children: t('cancel') }) })] }))] }));
}
function InvitationRow({ of: { id, email, expired, expiresAt }, role, tried, ask }) {
    const t = useTexts();
    const { organizations: o } = useAuth();
    return (_jsxs("li", { className: "loam-row", children: [_jsxs("div", { className: "loam-what", children: [_jsx("p", { className: "loam-who", children: email }), _jsxs("p", { className: "loam-quiet", children: [role, ", ", t(expired ? 'expired' : 'until', { date: day(expiresAt) })] })] }), _jsxs("div", { className: "loam-actions", children: [_jsx("button", { type: "button", className: "loam-button", "aria-label": t('resendTo', { email }), onClick: () => void tried(() => o.resendInvitation(id), t('resent', { email })), children: t('resend') }), _jsx("button", { type: "button", className: "loam-button", "aria-label": t('revokeFor', { email }), onClick: () => ask({ title: t('revokeTitle'), text: t('revokeHelp', { email }), submit: t('revoke'), act: () => tried(() => o.revokeInvitation(id), t('revoked', { email })) }), children: t('revoke') })] })] }));
}
function MemberRow({ of: m, role, self, options, removes, tried, ask }) {
    const t = useTexts();
    const { organizations: o, organization } = useAuth();
    const name = m.name || m.email;
    return (_jsxs("li", { className: "loam-row", children: [_jsxs("div", { className: "loam-what", children: [_jsxs("p", { className: "loam-who", children: [name, " ", self && _jsx("span", { className: "loam-badge", children: t('you') })] }), _jsxs("p", { className: "loam-quiet", children: [m.name && m.email ? m.email + ' · ' : '', t('since', { date: day(m.createdAt) })] })] }), _jsxs("div", { className: "loam-actions", children: [options ? (_jsx("select", { className: "loam-input", "aria-label": t('roleOf', { name }), value: m.role, onChange: (e) => {
                            const next = e.target.value;
                            const words = e.target.selectedOptions[0]?.text ?? next;
                            void tried(() => o.setRole(m.userId, next), t('roleChanged', { name, role: words }));
                        }, children: options.map(([value, text]) => (_jsx("option", { value: value, children: text }, value))) })) : (_jsx("span", { className: "loam-quiet", children: role })), removes && (_jsx("button", { type: "button", className: "loam-button", "aria-label": t('removeOne', { name }), onClick: () => ask({ title: t('removeTitle', { name }), text: t('removeHelp', { organization: organization?.name ?? '' }), submit: t('remove'), act: () => tried(() => o.removeMember(m.userId), t('removed', { name })) }), children: t('remove') }))] })] }));
}
function More({ query }) {
    const t = useTexts();
    if (!query.hasNextPage)
        return null;
    return (_jsx("button", { type: "button", className: "loam-button", "aria-busy": query.isFetchingNextPage, onClick: () => void query.fetchNextPage(), children: t('more') }));
}
