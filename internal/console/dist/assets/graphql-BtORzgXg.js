import{r as e}from"./rolldown-runtime-XKyaHtl9.js";import{$ as t,Ct as n,F as r,L as i,Mt as a,N as o,Nt as s,O as c,Q as l,R as u,V as ee,lt as te,rt as ne,wt as d,z as f}from"./index-CnkoO_TG.js";import{A as p,B as m,E as h,F as re,I as g,J as _,M as v,N as y,P as b,R as x,S,T as C,V as w,X as T,Y as E,Yt as D,_ as O,_t as k,a as A,c as j,ct as M,d as ie,f as N,ft as P,hn as F,ht as I,j as ae,k as oe,n as se,nn as L,nt as ce,ot as le,p as ue,q as de,rt as fe,t as R,ut as z,vn as B,yn as V}from"./parser-DiplWJj_.js";import{n as pe,t as me}from"./jsx-runtime-C3cWAN_r.js";import{t as he}from"./acting-switch-Cq-PkZz9.js";import{t as ge}from"./page-WuuA0bWZ.js";import{t as _e}from"./tabs-sBshK9_h.js";import{a as H,i as ve,n as U,o as ye,r as W,t as G}from"./explore-BFr1UUZF.js";import{a as be,c as xe,n as K,r as Se,t as Ce}from"./request-d8hwYX49.js";var q={name:`book-open`,size:24,node:[[`path`,{d:`M12 5v16`,key:`1f6ucr`}],[`path`,{d:`M20.001 19A2 2 0 0022 17V5a2 2 0 00-1.999-2L16 3.002A5 5 0 0012 5a5 5 0 00-4-2H4a2 2 0 00-2 2v12a2 2 0 001.999 2H8a5 5 0 014 2 5 5 0 014-2z`,key:`1fyvmf`}]]};q.node;var we=d(q),Te={name:`play`,size:24,node:[[`path`,{d:`M5 5a2 2 0 0 1 3.008-1.728l11.997 6.998a2 2 0 0 1 .003 3.458l-12 7A2 2 0 0 1 5 19z`,key:`10ikf1`}]]};Te.node;var Ee=d(Te),De={name:`square`,size:24,node:[[`rect`,{width:`18`,height:`18`,x:`3`,y:`3`,rx:`2`,key:`afitv7`}]]};De.node;var Oe=d(De);function ke(e){let t={descriptions:!0,specifiedByUrl:!1,directiveIsRepeatable:!1,schemaDescription:!1,inputValueDeprecation:!1,experimentalDirectiveDeprecation:!1,oneOf:!1,typeDepth:9,...e},n=t.descriptions?`description`:``,r=t.specifiedByUrl?`specifiedByURL`:``,i=t.directiveIsRepeatable?`isRepeatable`:``,a=t.schemaDescription?n:``;function o(e){return t.inputValueDeprecation?e:``}function s(e){return t.experimentalDirectiveDeprecation?e:``}let c=t.oneOf?`isOneOf`:``;function l(e,t){if(e<=0)return``;if(e>100)throw Error(`Please set typeDepth to a reasonable value between 0 and 100; the default is 9.`);return`
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
  `}function Ae(e,t){B(e)&&B(e.__schema)||k(!1,`Invalid or incomplete introspection result. Ensure that you are passing "data" property of introspection response and no "errors" was returned alongside: ${V(e)}.`);let n=e.__schema,r=new Map(n.types.map(e=>[e.name,te(e)]));for(let e of[...h,...ie])r.has(e.name)&&r.set(e.name,e);let i=n.queryType==null?null:u(n.queryType),a=n.mutationType==null?null:u(n.mutationType),o=n.subscriptionType==null?null:u(n.subscriptionType),s=n.directives==null?[]:n.directives.map(F);return new A({description:n.description,query:i,mutation:a,subscription:o,types:[...r.values()],directives:s,assumeValid:t?.assumeValid});function c(e){if(e.kind===j.LIST){let t=e.ofType;if(t==null)throw Error(`Decorated type deeper than introspection query.`);return new v(c(t))}if(e.kind===j.NON_NULL){let t=e.ofType;if(t==null)throw Error(`Decorated type deeper than introspection query.`);let n=c(t);return new y(m(n))}return l(e)}function l(e){let t=e.name;if(!t)throw Error(`Unknown type reference: ${V(e)}.`);let n=r.get(t);if(n==null)throw Error(`Invalid or incomplete schema, unknown type: ${t}. Ensure that a full introspection query is used in order to build a client schema.`);return n}function u(e){return w(l(e))}function ee(e){return x(l(e))}function te(e){switch(e.kind){case j.SCALAR:return ne(e);case j.OBJECT:return f(e);case j.INTERFACE:return _(e);case j.UNION:return S(e);case j.ENUM:return C(e);case j.INPUT_OBJECT:return T(e);default:throw Error(`Invalid or incomplete introspection result. Ensure that a full introspection query is used in order to build a client schema: ${V(e)}.`)}}function ne(e){return new re({name:e.name,description:e.description,specifiedByURL:e.specifiedByURL})}function d(e){if(e.interfaces===null&&e.kind===j.INTERFACE)return[];if(e.interfaces==null){let t=V(e);throw Error(`Introspection result missing interfaces: ${t}.`)}return e.interfaces.map(ee)}function f(e){return new b({name:e.name,description:e.description,interfaces:()=>d(e),fields:()=>D(e)})}function _(e){return new ae({name:e.name,description:e.description,interfaces:()=>d(e),fields:()=>D(e)})}function S(e){if(e.possibleTypes==null){let t=V(e);throw Error(`Introspection result missing possibleTypes: ${t}.`)}return new g({name:e.name,description:e.description,types:()=>e.possibleTypes.map(u)})}function C(e){if(e.enumValues==null){let t=V(e);throw Error(`Introspection result missing enumValues: ${t}.`)}return new oe({name:e.name,description:e.description,values:I(e.enumValues,e=>e.name,e=>({description:e.description,deprecationReason:e.deprecationReason}))})}function T(e){if(e.inputFields==null){let t=V(e);throw Error(`Introspection result missing inputFields: ${t}.`)}return new p({name:e.name,description:e.description,fields:()=>N(e.inputFields),isOneOf:e.isOneOf})}function D(e){if(e.fields==null)throw Error(`Introspection result missing fields: ${V(e)}.`);return I(e.fields,e=>e.name,M)}function M(e){let t=c(e.type);if(!fe(t)){let e=V(t);throw Error(`Introspection must provide output type for fields, but received: ${e}.`)}if(e.args==null){let t=V(e);throw Error(`Introspection result missing field args: ${t}.`)}return{description:e.description,deprecationReason:e.deprecationReason,type:t,args:N(e.args)}}function N(e){return I(e,e=>e.name,P)}function P(e){let t=c(e.type);if(!E(t)){let e=V(t);throw Error(`Introspection must provide input type for arguments, but received: ${e}.`)}return{description:e.description,type:t,default:e.defaultValue==null?void 0:{literal:se(e.defaultValue)},deprecationReason:e.deprecationReason}}function F(e){if(e.args==null){let t=V(e);throw Error(`Introspection result missing directive args: ${t}.`)}if(e.locations==null){let t=V(e);throw Error(`Introspection result missing directive locations: ${t}.`)}return new O({name:e.name,description:e.description,isRepeatable:e.isRepeatable,deprecationReason:e.deprecationReason,locations:e.locations.slice(),args:N(e.args)})}}function je(e){return Ne(e,e=>!S(e),Me)}function Me(e){return!C(e)&&!N(e)}function Ne(e,t,n){let r=e.getDirectives().filter(t),i=Object.values(e.getTypeMap()).filter(n);return[Pe(e),...r.map(e=>Ke(e)),...i.map(e=>Ie(e))].filter(Boolean).join(`

`)}function Pe(e){let t=e.getQueryType(),n=e.getMutationType(),r=e.getSubscriptionType();if((t||n||r)&&(e.description!=null||!Fe(e)))return Z(e)+`schema {
`+(t?`  query: ${t}\n`:``)+(n?`  mutation: ${n}\n`:``)+(r?`  subscription: ${r}\n`:``)+`}`}function Fe(e){return e.getQueryType()==e.getType(`Query`)&&e.getMutationType()==e.getType(`Mutation`)&&e.getSubscriptionType()==e.getType(`Subscription`)}function Ie(e){if(le(e))return Le(e);if(ce(e))return ze(e);if(T(e))return Be(e);if(M(e))return Ve(e);if(de(e))return He(e);if(_(e))return Ue(e);F(!1,`Unexpected type: `+V(e))}function Le(e){return Z(e)+`scalar ${e}`+qe(e)}function Re(e){let t=e.getInterfaces();return t.length?` implements `+t.map(e=>e.name).join(` & `):``}function ze(e){return Z(e)+`type ${e}`+Re(e)+We(e)}function Be(e){return Z(e)+`interface ${e}`+Re(e)+We(e)}function Ve(e){let t=e.getTypes(),n=t.length?` = `+t.join(` | `):``;return Z(e)+`union ${e.name}`+n}function He(e){let t=e.getValues().map((e,t)=>Z(e,`  `,!t)+`  `+e.name+X(e.deprecationReason));return Z(e)+`enum ${e}`+J(t)}function Ue(e){let t=Object.values(e.getFields()).map((e,t)=>Z(e,`  `,!t)+`  `+Y(e));return Z(e)+`input ${e}`+(e.isOneOf?` @oneOf`:``)+J(t)}function We(e){return J(Object.values(e.getFields()).map((e,t)=>Z(e,`  `,!t)+`  `+e.name+Ge(e.args,`  `)+`: `+String(e.type)+X(e.deprecationReason)))}function J(e){return e.length===0?``:` {
`+e.join(`
`)+`
}`}function Ge(e,t=``){return e.length===0?``:e.every(e=>e.description==null)?`(`+e.map(Y).join(`, `)+`)`:`(
`+e.map((e,n)=>Z(e,`  `+t,!n)+`  `+t+Y(e)).join(`
`)+`
`+t+`)`}function Y(e){let t=e.name+`: `+String(e.type),n=ue(e);return n&&(t+=` = ${z(n)}`),t+X(e.deprecationReason)}function Ke(e){return Z(e)+`directive ${e}`+Ge(e.args)+X(e.deprecationReason)+(e.isRepeatable?` repeatable`:``)+` on `+e.locations.join(` | `)}function X(e){return e==null?``:e===`No longer supported`?` @deprecated`:` @deprecated(reason: ${z({kind:L,value:e})})`}function qe(e){return e.specifiedByURL==null?``:` @specifiedBy(url: ${z({kind:L,value:e.specifiedByURL})})`}function Z(e,t=``,n=!0){let{description:r}=e;if(r==null)return``;let i=z({kind:L,value:r,block:P(r)});return(t&&!n?`
`+t:t)+i.replaceAll(`
`,`
`+t)+`
`}var Q=e(pe(),1),Je=[`access/sign_in`,`auth/bad_token`,`auth/expired_token`,`auth/revoked_token`,`access/as_admin`];function Ye({query:e,variables:t,operationName:n}){let r;try{r=t.trim()===``?void 0:JSON.parse(t)}catch(e){throw Error(`The variables are not JSON: ${e.message}`)}return{query:e,...r===void 0?{}:{variables:r},...n?{operationName:n}:{}}}var Xe=e=>{try{return(JSON.parse(e).errors??[]).map(e=>e.extensions?.code??``)}catch{return[]}};async function Ze(e,t,n){let r={...c(e),body:Ye(t),signal:n,raw:!0};for(let e=0;;e++){let t=performance.now(),i=await ye(t,await K(`POST`,`/graphql`,r)),a=Xe(i.text);if(e<2&&!r.token&&a.includes(`auth/reauthenticate`))await xe();else if(e<1&&!r.token&&a.some(e=>Je.includes(e)))await Se(`/console/api/me`,n);else return{...i,text:H(i.text)}}}var Qe=200;async function $e(e,t,n,r){let i=c(e),a=await K(`POST`,`/graphql`,{...i,headers:{...i.headers,Accept:`text/event-stream`},body:Ye(t),signal:n}),o=[],s=0,l=``,u=a.body.pipeThrough(new TextDecoderStream).getReader();for(;;){let{done:e,value:t}=await u.read();if(e)return;let n=(l+t).split(`

`);l=n.pop();for(let e of n){let t=e.split(`
`).filter(e=>e.startsWith(`data:`)).map(e=>e.slice(5).trim()).join(`
`);t&&(s++,o.unshift(H(t)),o.length=Math.min(o.length,Qe))}r(o.join(`

`),s)}}var et=a({queryKey:[`graphql schema`],queryFn:async({signal:e})=>{let t=await be(`POST`,`/graphql`,{body:{query:ke()},signal:e});if(!t.data)throw new Ce(200,t.errors?.[0]?.extensions?.code??``,``,t.errors?.[0]?.message??`The server answered without data.`);return Ae(t.data)},staleTime:6e4}),$=me(),tt=`loam-console-graphql`;function nt(){try{return JSON.parse(localStorage.getItem(tt)??`null`)}catch{return null}}function rt(e){let t=e?.models.find(e=>e.operations.list&&!e.builtIn&&!e.join);if(!t)return`{
  __typename
}
`;let n=t.fields.filter(e=>e.kind!==`relation`&&e.kind!==`embedded`&&!e.hidden).slice(0,5).map(e=>e.name),r=t.plural.charAt(0).toUpperCase()+t.plural.slice(1);return`# Ctrl+Space completes, Ctrl+Enter runs.\nquery ${r} {\n  list${r}(limit: 10) {\n    items {\n${n.map(e=>`      ${e}\n`).join(``)}    }\n    nextToken\n  }\n}\n`}function it(e){try{return R(e).definitions.filter(e=>e.kind===D)}catch{return[]}}function at(){let e=o(),a=s(et),c=s(ne),[d]=(0,Q.useState)(nt),[p,m]=(0,Q.useState)(d?.query??``),[h,re]=(0,Q.useState)(d?.variables??``),[g,_]=(0,Q.useState)(``),[v,y]=(0,Q.useState)(null),[b,x]=(0,Q.useState)(null),[S,C]=(0,Q.useState)(null),[w,T]=(0,Q.useState)(!1),[E,D]=(0,Q.useState)(`answer`),O=(0,Q.useRef)(null);(0,Q.useEffect)(()=>()=>O.current?.abort(),[]),(0,Q.useEffect)(()=>{!d&&!c.isPending&&m(e=>e||rt(c.data))},[d,c.isPending,c.data]),(0,Q.useEffect)(()=>{p&&localStorage.setItem(tt,JSON.stringify({query:p,variables:h}))},[p,h]);let k=(0,Q.useMemo)(()=>it(p),[p]),A=k.find(e=>e.name?.value===g)??k[0],j=(0,Q.useMemo)(()=>E===`schema`&&a.data?je(a.data):``,[E,a.data]),M=async()=>{O.current?.abort();let t=O.current=new AbortController;T(!0),C(null),y(null),x(null),D(`answer`);let n={query:p,variables:h,operationName:k.length>1?A?.name?.value:void 0};try{A?.operation===`subscription`?(x({text:``,count:0}),await $e(e,n,t.signal,(e,t)=>x({text:e,count:t}))):y(await Ze(e,n,t.signal))}catch(e){t.signal.aborted||C(e)}O.current===t&&T(!1)};return(0,$.jsx)(ge,{fills:!0,title:`GraphQL`,lead:`Asked of /graphql.`,actions:(0,$.jsx)(he,{}),children:(0,$.jsxs)(`div`,{className:`explorer`,children:[(0,$.jsxs)(`section`,{className:`pane`,"aria-label":`What is asked`,children:[(0,$.jsxs)(`div`,{className:`panebar`,children:[w?(0,$.jsx)(t,{icon:(0,$.jsx)(Oe,{size:13}),onClick:()=>(O.current?.abort(),T(!1)),children:`Stop`}):(0,$.jsx)(t,{kind:`primary`,icon:(0,$.jsx)(Ee,{size:13}),onClick:()=>void M(),children:`Run`}),k.length>1&&(0,$.jsx)(`select`,{className:`select`,"aria-label":`Operation`,value:A?.name?.value??``,onChange:e=>_(e.target.value),children:k.map((e,t)=>(0,$.jsxs)(`option`,{value:e.name?.value??``,children:[e.operation,` `,e.name?.value??`number ${t+1}`]},t))}),(0,$.jsx)(`span`,{className:`grow`}),(0,$.jsx)(t,{kind:`ghost`,icon:(0,$.jsx)(te,{size:14}),onClick:()=>{try{m(z(R(p))+`
`)}catch(e){l(e)}},children:`Tidy`})]}),a.error&&(0,$.jsx)(`div`,{className:`inside`,children:(0,$.jsxs)(u,{warn:!0,children:[`Without the schema nothing is completed or checked: `,a.error.message]})}),(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(Q.Suspense,{fallback:(0,$.jsx)(`div`,{className:`inside`,children:(0,$.jsx)(f,{lines:7})}),children:(0,$.jsx)(U,{label:`The document`,language:`graphql`,value:p,onChange:m,onRun:()=>void M(),schema:a.data})})}),(0,$.jsx)(`h2`,{className:`panehead`,children:`Variables`}),(0,$.jsx)(`div`,{className:`editor short`,children:(0,$.jsx)(Q.Suspense,{fallback:null,children:(0,$.jsx)(U,{label:`The variables`,language:`json`,value:h,onChange:re,onRun:()=>void M(),hint:`{"id": "…"}`})})})]}),(0,$.jsxs)(`section`,{className:`pane`,"aria-label":`What is answered`,children:[(0,$.jsxs)(`div`,{className:`panebar`,children:[(0,$.jsx)(_e,{segmented:!0,label:`Beside the document`,tabs:[{value:`answer`,label:`Answer`},{value:`schema`,label:`Schema`}],value:E,onChange:D}),(0,$.jsx)(`span`,{className:`grow`}),E===`answer`&&v&&(0,$.jsxs)($.Fragment,{children:[(0,$.jsx)(ve,{answer:v,errors:Xe(v.text).length}),(0,$.jsx)(W,{text:v.text})]}),E===`answer`&&b&&(0,$.jsxs)(r,{tone:w?`good`:`plain`,children:[w?`live`:`ended`,`, `,b.count,` events`]}),E===`schema`&&(0,$.jsx)(W,{text:j})]}),E===`schema`?a.data?(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(Q.Suspense,{fallback:null,children:(0,$.jsx)(U,{label:`The schema`,language:`graphql`,value:j})})}):(0,$.jsx)(i,{icon:we,title:`The schema is not there`,children:a.error?.message??`It is on its way.`}):S===null?v?(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(G,{label:`The answer`,text:v.text})}):b?.text?(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(G,{label:`The events`,text:b.text})}):w?(0,$.jsx)(`div`,{className:`inside`,children:b?(0,$.jsx)(`p`,{className:`quiet`,children:`It listens. What is written now, here or elsewhere, is shown.`}):(0,$.jsx)(f,{lines:5})}):(0,$.jsx)(i,{icon:n,title:`Nothing was asked yet`,children:`Press Run, or Ctrl+Enter in the document. As a user it is answered with what the rules let them see.`}):(0,$.jsx)(`div`,{className:`inside`,children:(0,$.jsx)(ee,{error:S})})]})]})})}export{at as GraphQLPage};