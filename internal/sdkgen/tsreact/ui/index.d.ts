export { SignIn, type SignInProps } from './sign-in.js';
export { SignUp, type SignUpProps } from './sign-up.js';
export { UserMenu, type UserMenuProps } from './user-menu.js';
export { OrganizationSwitcher, type OrganizationSwitcherProps } from './organizations.js';
export { Members, type MembersProps } from './members.js';
export { Menu, type MenuItem, type MenuProps } from './menu.js';
export type { EntryProps } from './entry.js';
export { english, TextsProvider, type Texts } from './texts.js';
