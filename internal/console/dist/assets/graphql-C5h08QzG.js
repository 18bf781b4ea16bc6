import{$ as e,Bt as t,Dt as n,Et as r,F as i,Jt as a,L as o,N as s,O as c,Q as l,R as u,Tt as d,V as ee,Zt as f,at as p,bt as m,jt as h,kt as g,qt as _,wt as te,yt as v,z as y,zt as b}from"./index-Bw9MTZWv.js";import{A as x,B as S,E as C,F as w,I as T,J as E,M as D,N as O,P as k,R as A,S as j,T as M,V as N,X as P,Y as ne,Yt as re,_ as ie,_t as ae,a as oe,c as F,ct as se,d as ce,f as le,ft as ue,hn as de,ht as I,j as fe,k as pe,n as me,nn as L,nt as he,ot as ge,p as _e,q as ve,rt as ye,t as R,ut as z,vn as B,yn as V}from"./parser-WC1sZdgx.js";import{t as be}from"./acting-switch-BmfYDQ9p.js";import{t as xe}from"./page-DSHwSYul.js";import{t as Se}from"./tabs-ugvhSWPT.js";import{a as H,i as Ce,n as U,o as we,r as W,t as G}from"./explore-CsopQ6Ik.js";var K={name:`book-open`,size:24,node:[[`path`,{d:`M12 5v16`,key:`1f6ucr`}],[`path`,{d:`M20.001 19A2 2 0 0022 17V5a2 2 0 00-1.999-2L16 3.002A5 5 0 0012 5a5 5 0 00-4-2H4a2 2 0 00-2 2v12a2 2 0 001.999 2H8a5 5 0 014 2 5 5 0 014-2z`,key:`1fyvmf`}]]};K.node;var Te=m(K),q={name:`play`,size:24,node:[[`path`,{d:`M5 5a2 2 0 0 1 3.008-1.728l11.997 6.998a2 2 0 0 1 .003 3.458l-12 7A2 2 0 0 1 5 19z`,key:`10ikf1`}]]};q.node;var Ee=m(q),De={name:`square`,size:24,node:[[`rect`,{width:`18`,height:`18`,x:`3`,y:`3`,rx:`2`,key:`afitv7`}]]};De.node;var Oe=m(De);function ke(e){let t={descriptions:!0,specifiedByUrl:!1,directiveIsRepeatable:!1,schemaDescription:!1,inputValueDeprecation:!1,experimentalDirectiveDeprecation:!1,oneOf:!1,typeDepth:9,...e},n=t.descriptions?`description`:``,r=t.specifiedByUrl?`specifiedByURL`:``,i=t.directiveIsRepeatable?`isRepeatable`:``,a=t.schemaDescription?n:``;function o(e){return t.inputValueDeprecation?e:``}function s(e){return t.experimentalDirectiveDeprecation?e:``}let c=t.oneOf?`isOneOf`:``;function l(e,t){if(e<=0)return``;if(e>100)throw Error(`Please set typeDepth to a reasonable value between 0 and 100; the default is 9.`);return`
${t}ofType {
${t}  name
${t}  kind${l(e-1,t+`  `)}
${t}}`}return`
    query IntrospectionQuery {
      __schema {
        ${a}
        queryType { name kind }
        mutationType { name kind }
        subscriptionType { name kind }
        types {
          ...FullType
        }
        directives${s(`(includeDeprecated: true)`)} {
          name
          ${n}
          ${i}
          ${s(`isDeprecated`)}
          ${s(`deprecationReason`)}
          locations
          args${o(`(includeDeprecated: true)`)} {
            ...InputValue
          }
        }
      }
    }

    fragment FullType on __Type {
      kind
      name
      ${n}
      ${r}
      ${c}
      fields(includeDeprecated: true) {
        name
        ${n}
        args${o(`(includeDeprecated: true)`)} {
          ...InputValue
        }
        type {
          ...TypeRef
        }
        isDeprecated
        deprecationReason
      }
      inputFields${o(`(includeDeprecated: true)`)} {
        ...InputValue
      }
      interfaces {
        ...TypeRef
      }
      enumValues(includeDeprecated: true) {
        name
        ${n}
        isDeprecated
        deprecationReason
      }
      possibleTypes {
        ...TypeRef
      }
    }

    fragment InputValue on __InputValue {
      name
      ${n}
      type { ...TypeRef }
      defaultValue
      ${o(`isDeprecated`)}
      ${o(`deprecationReason`)}
    }

    fragment TypeRef on __Type {
      kind
      name${l(t.typeDepth,`      `)}
    }
  `}function Ae(e,t){B(e)&&B(e.__schema)||ae(!1,`Invalid or incomplete introspection result. Ensure that you are passing "data" property of introspection response and no "errors" was returned alongside: ${V(e)}.`);let n=e.__schema,r=new Map(n.types.map(e=>[e.name,ee(e)]));for(let e of[...C,...ce])r.has(e.name)&&r.set(e.name,e);let i=n.queryType==null?null:u(n.queryType),a=n.mutationType==null?null:u(n.mutationType),o=n.subscriptionType==null?null:u(n.subscriptionType),s=n.directives==null?[]:n.directives.map(j);return new oe({description:n.description,query:i,mutation:a,subscription:o,types:[...r.values()],directives:s,assumeValid:t?.assumeValid});function c(e){if(e.kind===F.LIST){let t=e.ofType;if(t==null)throw Error(`Decorated type deeper than introspection query.`);return new D(c(t))}if(e.kind===F.NON_NULL){let t=e.ofType;if(t==null)throw Error(`Decorated type deeper than introspection query.`);let n=c(t);return new O(S(n))}return l(e)}function l(e){let t=e.name;if(!t)throw Error(`Unknown type reference: ${V(e)}.`);let n=r.get(t);if(n==null)throw Error(`Invalid or incomplete schema, unknown type: ${t}. Ensure that a full introspection query is used in order to build a client schema.`);return n}function u(e){return N(l(e))}function d(e){return A(l(e))}function ee(e){switch(e.kind){case F.SCALAR:return f(e);case F.OBJECT:return m(e);case F.INTERFACE:return h(e);case F.UNION:return g(e);case F.ENUM:return _(e);case F.INPUT_OBJECT:return te(e);default:throw Error(`Invalid or incomplete introspection result. Ensure that a full introspection query is used in order to build a client schema: ${V(e)}.`)}}function f(e){return new w({name:e.name,description:e.description,specifiedByURL:e.specifiedByURL})}function p(e){if(e.interfaces===null&&e.kind===F.INTERFACE)return[];if(e.interfaces==null){let t=V(e);throw Error(`Introspection result missing interfaces: ${t}.`)}return e.interfaces.map(d)}function m(e){return new k({name:e.name,description:e.description,interfaces:()=>p(e),fields:()=>v(e)})}function h(e){return new fe({name:e.name,description:e.description,interfaces:()=>p(e),fields:()=>v(e)})}function g(e){if(e.possibleTypes==null){let t=V(e);throw Error(`Introspection result missing possibleTypes: ${t}.`)}return new T({name:e.name,description:e.description,types:()=>e.possibleTypes.map(u)})}function _(e){if(e.enumValues==null){let t=V(e);throw Error(`Introspection result missing enumValues: ${t}.`)}return new pe({name:e.name,description:e.description,values:I(e.enumValues,e=>e.name,e=>({description:e.description,deprecationReason:e.deprecationReason}))})}function te(e){if(e.inputFields==null){let t=V(e);throw Error(`Introspection result missing inputFields: ${t}.`)}return new x({name:e.name,description:e.description,fields:()=>b(e.inputFields),isOneOf:e.isOneOf})}function v(e){if(e.fields==null)throw Error(`Introspection result missing fields: ${V(e)}.`);return I(e.fields,e=>e.name,y)}function y(e){let t=c(e.type);if(!ye(t)){let e=V(t);throw Error(`Introspection must provide output type for fields, but received: ${e}.`)}if(e.args==null){let t=V(e);throw Error(`Introspection result missing field args: ${t}.`)}return{description:e.description,deprecationReason:e.deprecationReason,type:t,args:b(e.args)}}function b(e){return I(e,e=>e.name,E)}function E(e){let t=c(e.type);if(!ne(t)){let e=V(t);throw Error(`Introspection must provide input type for arguments, but received: ${e}.`)}return{description:e.description,type:t,default:e.defaultValue==null?void 0:{literal:me(e.defaultValue)},deprecationReason:e.deprecationReason}}function j(e){if(e.args==null){let t=V(e);throw Error(`Introspection result missing directive args: ${t}.`)}if(e.locations==null){let t=V(e);throw Error(`Introspection result missing directive locations: ${t}.`)}return new ie({name:e.name,description:e.description,isRepeatable:e.isRepeatable,deprecationReason:e.deprecationReason,locations:e.locations.slice(),args:b(e.args)})}}function je(e){return Ne(e,e=>!j(e),Me)}function Me(e){return!M(e)&&!le(e)}function Ne(e,t,n){let r=e.getDirectives().filter(t),i=Object.values(e.getTypeMap()).filter(n);return[Pe(e),...r.map(e=>Ke(e)),...i.map(e=>Ie(e))].filter(Boolean).join(`

`)}function Pe(e){let t=e.getQueryType(),n=e.getMutationType(),r=e.getSubscriptionType();if((t||n||r)&&(e.description!=null||!Fe(e)))return Z(e)+`schema {
`+(t?`  query: ${t}\n`:``)+(n?`  mutation: ${n}\n`:``)+(r?`  subscription: ${r}\n`:``)+`}`}function Fe(e){return e.getQueryType()==e.getType(`Query`)&&e.getMutationType()==e.getType(`Mutation`)&&e.getSubscriptionType()==e.getType(`Subscription`)}function Ie(e){if(ge(e))return Le(e);if(he(e))return ze(e);if(P(e))return Be(e);if(se(e))return Ve(e);if(ve(e))return He(e);if(E(e))return Ue(e);de(!1,`Unexpected type: `+V(e))}function Le(e){return Z(e)+`scalar ${e}`+qe(e)}function Re(e){let t=e.getInterfaces();return t.length?` implements `+t.map(e=>e.name).join(` & `):``}function ze(e){return Z(e)+`type ${e}`+Re(e)+We(e)}function Be(e){return Z(e)+`interface ${e}`+Re(e)+We(e)}function Ve(e){let t=e.getTypes(),n=t.length?` = `+t.join(` | `):``;return Z(e)+`union ${e.name}`+n}function He(e){let t=e.getValues().map((e,t)=>Z(e,`  `,!t)+`  `+e.name+X(e.deprecationReason));return Z(e)+`enum ${e}`+J(t)}function Ue(e){let t=Object.values(e.getFields()).map((e,t)=>Z(e,`  `,!t)+`  `+Y(e));return Z(e)+`input ${e}`+(e.isOneOf?` @oneOf`:``)+J(t)}function We(e){return J(Object.values(e.getFields()).map((e,t)=>Z(e,`  `,!t)+`  `+e.name+Ge(e.args,`  `)+`: `+String(e.type)+X(e.deprecationReason)))}function J(e){return e.length===0?``:` {
`+e.join(`
`)+`
}`}function Ge(e,t=``){return e.length===0?``:e.every(e=>e.description==null)?`(`+e.map(Y).join(`, `)+`)`:`(
`+e.map((e,n)=>Z(e,`  `+t,!n)+`  `+t+Y(e)).join(`
`)+`
`+t+`)`}function Y(e){let t=e.name+`: `+String(e.type),n=_e(e);return n&&(t+=` = ${z(n)}`),t+X(e.deprecationReason)}function Ke(e){return Z(e)+`directive ${e}`+Ge(e.args)+X(e.deprecationReason)+(e.isRepeatable?` repeatable`:``)+` on `+e.locations.join(` | `)}function X(e){return e==null?``:e===`No longer supported`?` @deprecated`:` @deprecated(reason: ${z({kind:L,value:e})})`}function qe(e){return e.specifiedByURL==null?``:` @specifiedBy(url: ${z({kind:L,value:e.specifiedByURL})})`}function Z(e,t=``,n=!0){let{description:r}=e;if(r==null)return``;let i=z({kind:L,value:r,block:ue(r)});return(t&&!n?`
`+t:t)+i.replaceAll(`
`,`
`+t)+`
`}var Q=f(a(),1),Je=[`access/sign_in`,`auth/bad_token`,`auth/expired_token`,`auth/revoked_token`,`access/as_admin`];function Ye({query:e,variables:t,operationName:n}){let r;try{r=t.trim()===``?void 0:JSON.parse(t)}catch(e){throw Error(`The variables are not JSON: ${e.message}`)}return{query:e,...r===void 0?{}:{variables:r},...n?{operationName:n}:{}}}var Xe=e=>{try{return(JSON.parse(e).errors??[]).map(e=>e.extensions?.code??``)}catch{return[]}};async function Ze(e,t,i){let a={...c(e),body:Ye(t),signal:i,raw:!0};for(let e=0;;e++){let t=performance.now(),o=await we(t,await r(`POST`,`/graphql`,a)),s=Xe(o.text);if(e<2&&!a.token&&s.includes(`auth/reauthenticate`))await h();else if(e<1&&!a.token&&s.some(e=>Je.includes(e)))await n(`/console/api/me`,i);else return{...o,text:H(o.text)}}}var Qe=200;async function $e(e,t,n,i){let a=c(e),o=await r(`POST`,`/graphql`,{...a,headers:{...a.headers,Accept:`text/event-stream`},body:Ye(t),signal:n}),s=[],l=0,u=``,d=o.body.pipeThrough(new TextDecoderStream).getReader();for(;;){let{done:e,value:t}=await d.read();if(e)return;let n=(u+t).split(`

`);u=n.pop();for(let e of n){let t=e.split(`
`).filter(e=>e.startsWith(`data:`)).map(e=>e.slice(5).trim()).join(`
`);t&&(l++,s.unshift(H(t)),s.length=Math.min(s.length,Qe))}i(s.join(`

`),l)}}var et=b({queryKey:[`graphql schema`],queryFn:async({signal:e})=>{let t=await g(`POST`,`/graphql`,{body:{query:ke()},signal:e});if(!t.data)throw new d(200,t.errors?.[0]?.extensions?.code??``,``,t.errors?.[0]?.message??`The server answered without data.`);return Ae(t.data)},staleTime:6e4}),$=_(),tt=`loam-console-graphql`;function nt(){try{return JSON.parse(localStorage.getItem(tt)??`null`)}catch{return null}}function rt(e){let t=e?.models.find(e=>e.operations.list&&!e.builtIn&&!e.join);if(!t)return`{
  __typename
}
`;let n=t.fields.filter(e=>e.kind!==`relation`&&e.kind!==`embedded`&&!e.hidden).slice(0,5).map(e=>e.name),r=t.plural.charAt(0).toUpperCase()+t.plural.slice(1);return`# Ctrl+Space completes, Ctrl+Enter runs.\nquery ${r} {\n  list${r}(limit: 10) {\n    items {\n${n.map(e=>`      ${e}\n`).join(``)}    }\n    nextToken\n  }\n}\n`}function it(e){try{return R(e).definitions.filter(e=>e.kind===re)}catch{return[]}}function at(){let n=s(),r=t(et),a=t(te),[c]=(0,Q.useState)(nt),[d,f]=(0,Q.useState)(c?.query??``),[m,h]=(0,Q.useState)(c?.variables??``),[g,_]=(0,Q.useState)(``),[b,x]=(0,Q.useState)(null),[S,C]=(0,Q.useState)(null),[w,T]=(0,Q.useState)(null),[E,D]=(0,Q.useState)(!1),[O,k]=(0,Q.useState)(`answer`),A=(0,Q.useRef)(null);(0,Q.useEffect)(()=>()=>A.current?.abort(),[]),(0,Q.useEffect)(()=>{!c&&!a.isPending&&f(e=>e||rt(a.data))},[c,a.isPending,a.data]),(0,Q.useEffect)(()=>{d&&localStorage.setItem(tt,JSON.stringify({query:d,variables:m}))},[d,m]);let j=(0,Q.useMemo)(()=>it(d),[d]),M=j.find(e=>e.name?.value===g)??j[0],N=(0,Q.useMemo)(()=>O===`schema`&&r.data?je(r.data):``,[O,r.data]),P=async()=>{A.current?.abort();let e=A.current=new AbortController;D(!0),T(null),x(null),C(null),k(`answer`);let t={query:d,variables:m,operationName:j.length>1?M?.name?.value:void 0};try{M?.operation===`subscription`?(C({text:``,count:0}),await $e(n,t,e.signal,(e,t)=>C({text:e,count:t}))):x(await Ze(n,t,e.signal))}catch(t){e.signal.aborted||T(t)}A.current===e&&D(!1)};return(0,$.jsx)(xe,{fills:!0,title:`GraphQL`,lead:`Asked of /graphql.`,actions:(0,$.jsx)(be,{}),children:(0,$.jsxs)(`div`,{className:`explorer`,children:[(0,$.jsxs)(`section`,{className:`pane`,"aria-label":`What is asked`,children:[(0,$.jsxs)(`div`,{className:`panebar`,children:[E?(0,$.jsx)(e,{icon:(0,$.jsx)(Oe,{size:13}),onClick:()=>(A.current?.abort(),D(!1)),children:`Stop`}):(0,$.jsx)(e,{kind:`primary`,icon:(0,$.jsx)(Ee,{size:13}),onClick:()=>void P(),children:`Run`}),j.length>1&&(0,$.jsx)(`select`,{className:`select`,"aria-label":`Operation`,value:M?.name?.value??``,onChange:e=>_(e.target.value),children:j.map((e,t)=>(0,$.jsxs)(`option`,{value:e.name?.value??``,children:[e.operation,` `,e.name?.value??`number ${t+1}`]},t))}),(0,$.jsx)(`span`,{className:`grow`}),(0,$.jsx)(e,{kind:`ghost`,icon:(0,$.jsx)(p,{size:14}),onClick:()=>{try{f(z(R(d))+`
`)}catch(e){l(e)}},children:`Tidy`})]}),r.error&&(0,$.jsx)(`div`,{className:`inside`,children:(0,$.jsxs)(u,{warn:!0,children:[`Without the schema nothing is completed or checked: `,r.error.message]})}),(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(Q.Suspense,{fallback:(0,$.jsx)(`div`,{className:`inside`,children:(0,$.jsx)(y,{lines:7})}),children:(0,$.jsx)(U,{label:`The document`,language:`graphql`,value:d,onChange:f,onRun:()=>void P(),schema:r.data})})}),(0,$.jsx)(`h2`,{className:`panehead`,children:`Variables`}),(0,$.jsx)(`div`,{className:`editor short`,children:(0,$.jsx)(Q.Suspense,{fallback:null,children:(0,$.jsx)(U,{label:`The variables`,language:`json`,value:m,onChange:h,onRun:()=>void P(),hint:`{"id": "…"}`})})})]}),(0,$.jsxs)(`section`,{className:`pane`,"aria-label":`What is answered`,children:[(0,$.jsxs)(`div`,{className:`panebar`,children:[(0,$.jsx)(Se,{segmented:!0,label:`Beside the document`,tabs:[{value:`answer`,label:`Answer`},{value:`schema`,label:`Schema`}],value:O,onChange:k}),(0,$.jsx)(`span`,{className:`grow`}),O===`answer`&&b&&(0,$.jsxs)($.Fragment,{children:[(0,$.jsx)(Ce,{answer:b,errors:Xe(b.text).length}),(0,$.jsx)(W,{text:b.text})]}),O===`answer`&&S&&(0,$.jsxs)(i,{tone:E?`good`:`plain`,children:[E?`live`:`ended`,`, `,S.count,` events`]}),O===`schema`&&(0,$.jsx)(W,{text:N})]}),O===`schema`?r.data?(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(Q.Suspense,{fallback:null,children:(0,$.jsx)(U,{label:`The schema`,language:`graphql`,value:N})})}):(0,$.jsx)(o,{icon:Te,title:`The schema is not there`,children:r.error?.message??`It is on its way.`}):w===null?b?(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(G,{label:`The answer`,text:b.text})}):S?.text?(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(G,{label:`The events`,text:S.text})}):E?(0,$.jsx)(`div`,{className:`inside`,children:S?(0,$.jsx)(`p`,{className:`quiet`,children:`It listens. What is written now, here or elsewhere, is shown.`}):(0,$.jsx)(y,{lines:5})}):(0,$.jsx)(o,{icon:v,title:`Nothing was asked yet`,children:`Press Run, or Ctrl+Enter in the document. As a user it is answered with what the rules let them see.`}):(0,$.jsx)(`div`,{className:`inside`,children:(0,$.jsx)(ee,{error:w})})]})]})})}export{at as GraphQLPage};