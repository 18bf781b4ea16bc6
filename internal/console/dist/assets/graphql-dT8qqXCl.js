import{$ as e,Bt as t,Ct as n,Dt as r,Et as i,F as a,Jt as o,L as s,N as c,O as l,Q as u,R as d,Tt as f,V as p,Zt as m,jt as h,kt as g,lt as ee,qt as _,rt as v,wt as y,z as b,zt as x}from"./index-Caz4kbN5.js";import{A as S,B as C,E as w,F as T,I as E,J as D,M as O,N as k,P as A,R as j,S as M,T as N,V as P,X as F,Y as te,Yt as ne,_ as re,_t as ie,a as ae,c as I,ct as oe,d as se,f as ce,ft as le,hn as ue,ht as L,j as de,k as fe,n as pe,nn as R,nt as me,ot as he,p as ge,q as _e,rt as ve,t as z,ut as B,vn as V,yn as H}from"./parser-BkY3DJ9_.js";import{t as ye}from"./acting-switch--DWg7oyU.js";import{t as be}from"./page-BOjuXtZX.js";import{t as xe}from"./tabs-LAuf5Uu-.js";import{a as U,i as Se,n as W,o as Ce,r as G,t as K}from"./explore-kyme60HA.js";var q={name:`book-open`,size:24,node:[[`path`,{d:`M12 5v16`,key:`1f6ucr`}],[`path`,{d:`M20.001 19A2 2 0 0022 17V5a2 2 0 00-1.999-2L16 3.002A5 5 0 0012 5a5 5 0 00-4-2H4a2 2 0 00-2 2v12a2 2 0 001.999 2H8a5 5 0 014 2 5 5 0 014-2z`,key:`1fyvmf`}]]};q.node;var we=y(q),Te={name:`play`,size:24,node:[[`path`,{d:`M5 5a2 2 0 0 1 3.008-1.728l11.997 6.998a2 2 0 0 1 .003 3.458l-12 7A2 2 0 0 1 5 19z`,key:`10ikf1`}]]};Te.node;var Ee=y(Te),De={name:`square`,size:24,node:[[`rect`,{width:`18`,height:`18`,x:`3`,y:`3`,rx:`2`,key:`afitv7`}]]};De.node;var Oe=y(De);function ke(e){let t={descriptions:!0,specifiedByUrl:!1,directiveIsRepeatable:!1,schemaDescription:!1,inputValueDeprecation:!1,experimentalDirectiveDeprecation:!1,oneOf:!1,typeDepth:9,...e},n=t.descriptions?`description`:``,r=t.specifiedByUrl?`specifiedByURL`:``,i=t.directiveIsRepeatable?`isRepeatable`:``,a=t.schemaDescription?n:``;function o(e){return t.inputValueDeprecation?e:``}function s(e){return t.experimentalDirectiveDeprecation?e:``}let c=t.oneOf?`isOneOf`:``;function l(e,t){if(e<=0)return``;if(e>100)throw Error(`Please set typeDepth to a reasonable value between 0 and 100; the default is 9.`);return`
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
  `}function Ae(e,t){V(e)&&V(e.__schema)||ie(!1,`Invalid or incomplete introspection result. Ensure that you are passing "data" property of introspection response and no "errors" was returned alongside: ${H(e)}.`);let n=e.__schema,r=new Map(n.types.map(e=>[e.name,f(e)]));for(let e of[...w,...se])r.has(e.name)&&r.set(e.name,e);let i=n.queryType==null?null:u(n.queryType),a=n.mutationType==null?null:u(n.mutationType),o=n.subscriptionType==null?null:u(n.subscriptionType),s=n.directives==null?[]:n.directives.map(M);return new ae({description:n.description,query:i,mutation:a,subscription:o,types:[...r.values()],directives:s,assumeValid:t?.assumeValid});function c(e){if(e.kind===I.LIST){let t=e.ofType;if(t==null)throw Error(`Decorated type deeper than introspection query.`);return new O(c(t))}if(e.kind===I.NON_NULL){let t=e.ofType;if(t==null)throw Error(`Decorated type deeper than introspection query.`);let n=c(t);return new k(C(n))}return l(e)}function l(e){let t=e.name;if(!t)throw Error(`Unknown type reference: ${H(e)}.`);let n=r.get(t);if(n==null)throw Error(`Invalid or incomplete schema, unknown type: ${t}. Ensure that a full introspection query is used in order to build a client schema.`);return n}function u(e){return P(l(e))}function d(e){return j(l(e))}function f(e){switch(e.kind){case I.SCALAR:return p(e);case I.OBJECT:return h(e);case I.INTERFACE:return g(e);case I.UNION:return ee(e);case I.ENUM:return _(e);case I.INPUT_OBJECT:return v(e);default:throw Error(`Invalid or incomplete introspection result. Ensure that a full introspection query is used in order to build a client schema: ${H(e)}.`)}}function p(e){return new T({name:e.name,description:e.description,specifiedByURL:e.specifiedByURL})}function m(e){if(e.interfaces===null&&e.kind===I.INTERFACE)return[];if(e.interfaces==null){let t=H(e);throw Error(`Introspection result missing interfaces: ${t}.`)}return e.interfaces.map(d)}function h(e){return new A({name:e.name,description:e.description,interfaces:()=>m(e),fields:()=>y(e)})}function g(e){return new de({name:e.name,description:e.description,interfaces:()=>m(e),fields:()=>y(e)})}function ee(e){if(e.possibleTypes==null){let t=H(e);throw Error(`Introspection result missing possibleTypes: ${t}.`)}return new E({name:e.name,description:e.description,types:()=>e.possibleTypes.map(u)})}function _(e){if(e.enumValues==null){let t=H(e);throw Error(`Introspection result missing enumValues: ${t}.`)}return new fe({name:e.name,description:e.description,values:L(e.enumValues,e=>e.name,e=>({description:e.description,deprecationReason:e.deprecationReason}))})}function v(e){if(e.inputFields==null){let t=H(e);throw Error(`Introspection result missing inputFields: ${t}.`)}return new S({name:e.name,description:e.description,fields:()=>x(e.inputFields),isOneOf:e.isOneOf})}function y(e){if(e.fields==null)throw Error(`Introspection result missing fields: ${H(e)}.`);return L(e.fields,e=>e.name,b)}function b(e){let t=c(e.type);if(!ve(t)){let e=H(t);throw Error(`Introspection must provide output type for fields, but received: ${e}.`)}if(e.args==null){let t=H(e);throw Error(`Introspection result missing field args: ${t}.`)}return{description:e.description,deprecationReason:e.deprecationReason,type:t,args:x(e.args)}}function x(e){return L(e,e=>e.name,D)}function D(e){let t=c(e.type);if(!te(t)){let e=H(t);throw Error(`Introspection must provide input type for arguments, but received: ${e}.`)}return{description:e.description,type:t,default:e.defaultValue==null?void 0:{literal:pe(e.defaultValue)},deprecationReason:e.deprecationReason}}function M(e){if(e.args==null){let t=H(e);throw Error(`Introspection result missing directive args: ${t}.`)}if(e.locations==null){let t=H(e);throw Error(`Introspection result missing directive locations: ${t}.`)}return new re({name:e.name,description:e.description,isRepeatable:e.isRepeatable,deprecationReason:e.deprecationReason,locations:e.locations.slice(),args:x(e.args)})}}function je(e){return Ne(e,e=>!M(e),Me)}function Me(e){return!N(e)&&!ce(e)}function Ne(e,t,n){let r=e.getDirectives().filter(t),i=Object.values(e.getTypeMap()).filter(n);return[Pe(e),...r.map(e=>Ke(e)),...i.map(e=>Ie(e))].filter(Boolean).join(`

`)}function Pe(e){let t=e.getQueryType(),n=e.getMutationType(),r=e.getSubscriptionType();if((t||n||r)&&(e.description!=null||!Fe(e)))return Z(e)+`schema {
`+(t?`  query: ${t}\n`:``)+(n?`  mutation: ${n}\n`:``)+(r?`  subscription: ${r}\n`:``)+`}`}function Fe(e){return e.getQueryType()==e.getType(`Query`)&&e.getMutationType()==e.getType(`Mutation`)&&e.getSubscriptionType()==e.getType(`Subscription`)}function Ie(e){if(he(e))return Le(e);if(me(e))return ze(e);if(F(e))return Be(e);if(oe(e))return Ve(e);if(_e(e))return He(e);if(D(e))return Ue(e);ue(!1,`Unexpected type: `+H(e))}function Le(e){return Z(e)+`scalar ${e}`+qe(e)}function Re(e){let t=e.getInterfaces();return t.length?` implements `+t.map(e=>e.name).join(` & `):``}function ze(e){return Z(e)+`type ${e}`+Re(e)+We(e)}function Be(e){return Z(e)+`interface ${e}`+Re(e)+We(e)}function Ve(e){let t=e.getTypes(),n=t.length?` = `+t.join(` | `):``;return Z(e)+`union ${e.name}`+n}function He(e){let t=e.getValues().map((e,t)=>Z(e,`  `,!t)+`  `+e.name+X(e.deprecationReason));return Z(e)+`enum ${e}`+J(t)}function Ue(e){let t=Object.values(e.getFields()).map((e,t)=>Z(e,`  `,!t)+`  `+Y(e));return Z(e)+`input ${e}`+(e.isOneOf?` @oneOf`:``)+J(t)}function We(e){return J(Object.values(e.getFields()).map((e,t)=>Z(e,`  `,!t)+`  `+e.name+Ge(e.args,`  `)+`: `+String(e.type)+X(e.deprecationReason)))}function J(e){return e.length===0?``:` {
`+e.join(`
`)+`
}`}function Ge(e,t=``){return e.length===0?``:e.every(e=>e.description==null)?`(`+e.map(Y).join(`, `)+`)`:`(
`+e.map((e,n)=>Z(e,`  `+t,!n)+`  `+t+Y(e)).join(`
`)+`
`+t+`)`}function Y(e){let t=e.name+`: `+String(e.type),n=ge(e);return n&&(t+=` = ${B(n)}`),t+X(e.deprecationReason)}function Ke(e){return Z(e)+`directive ${e}`+Ge(e.args)+X(e.deprecationReason)+(e.isRepeatable?` repeatable`:``)+` on `+e.locations.join(` | `)}function X(e){return e==null?``:e===`No longer supported`?` @deprecated`:` @deprecated(reason: ${B({kind:R,value:e})})`}function qe(e){return e.specifiedByURL==null?``:` @specifiedBy(url: ${B({kind:R,value:e.specifiedByURL})})`}function Z(e,t=``,n=!0){let{description:r}=e;if(r==null)return``;let i=B({kind:R,value:r,block:le(r)});return(t&&!n?`
`+t:t)+i.replaceAll(`
`,`
`+t)+`
`}var Q=m(o(),1),Je=[`access/sign_in`,`auth/bad_token`,`auth/expired_token`,`auth/revoked_token`,`access/as_admin`];function Ye({query:e,variables:t,operationName:n}){let r;try{r=t.trim()===``?void 0:JSON.parse(t)}catch(e){throw Error(`The variables are not JSON: ${e.message}`)}return{query:e,...r===void 0?{}:{variables:r},...n?{operationName:n}:{}}}var Xe=e=>{try{return(JSON.parse(e).errors??[]).map(e=>e.extensions?.code??``)}catch{return[]}};async function Ze(e,t,n){let a={...l(e),body:Ye(t),signal:n,raw:!0};for(let e=0;;e++){let t=performance.now(),o=await Ce(t,await i(`POST`,`/graphql`,a)),s=Xe(o.text);if(e<2&&!a.token&&s.includes(`auth/reauthenticate`))await h();else if(e<1&&!a.token&&s.some(e=>Je.includes(e)))await r(`/console/api/me`,n);else return{...o,text:U(o.text)}}}var Qe=200;async function $e(e,t,n,r){let a=l(e),o=await i(`POST`,`/graphql`,{...a,headers:{...a.headers,Accept:`text/event-stream`},body:Ye(t),signal:n}),s=[],c=0,u=``,d=o.body.pipeThrough(new TextDecoderStream).getReader();for(;;){let{done:e,value:t}=await d.read();if(e)return;let n=(u+t).split(`

`);u=n.pop();for(let e of n){let t=e.split(`
`).filter(e=>e.startsWith(`data:`)).map(e=>e.slice(5).trim()).join(`
`);t&&(c++,s.unshift(U(t)),s.length=Math.min(s.length,Qe))}r(s.join(`

`),c)}}var et=x({queryKey:[`graphql schema`],queryFn:async({signal:e})=>{let t=await g(`POST`,`/graphql`,{body:{query:ke()},signal:e});if(!t.data)throw new f(200,t.errors?.[0]?.extensions?.code??``,``,t.errors?.[0]?.message??`The server answered without data.`);return Ae(t.data)},staleTime:6e4}),$=_(),tt=`loam-console-graphql`;function nt(){try{return JSON.parse(localStorage.getItem(tt)??`null`)}catch{return null}}function rt(e){let t=e?.models.find(e=>e.operations.list&&!e.builtIn&&!e.join);if(!t)return`{
  __typename
}
`;let n=t.fields.filter(e=>e.kind!==`relation`&&e.kind!==`embedded`&&!e.hidden).slice(0,5).map(e=>e.name),r=t.plural.charAt(0).toUpperCase()+t.plural.slice(1);return`# Ctrl+Space completes, Ctrl+Enter runs.\nquery ${r} {\n  list${r}(limit: 10) {\n    items {\n${n.map(e=>`      ${e}\n`).join(``)}    }\n    nextToken\n  }\n}\n`}function it(e){try{return z(e).definitions.filter(e=>e.kind===ne)}catch{return[]}}function at(){let r=c(),i=t(et),o=t(v),[l]=(0,Q.useState)(nt),[f,m]=(0,Q.useState)(l?.query??``),[h,g]=(0,Q.useState)(l?.variables??``),[_,y]=(0,Q.useState)(``),[x,S]=(0,Q.useState)(null),[C,w]=(0,Q.useState)(null),[T,E]=(0,Q.useState)(null),[D,O]=(0,Q.useState)(!1),[k,A]=(0,Q.useState)(`answer`),j=(0,Q.useRef)(null);(0,Q.useEffect)(()=>()=>j.current?.abort(),[]),(0,Q.useEffect)(()=>{!l&&!o.isPending&&m(e=>e||rt(o.data))},[l,o.isPending,o.data]),(0,Q.useEffect)(()=>{f&&localStorage.setItem(tt,JSON.stringify({query:f,variables:h}))},[f,h]);let M=(0,Q.useMemo)(()=>it(f),[f]),N=M.find(e=>e.name?.value===_)??M[0],P=(0,Q.useMemo)(()=>k===`schema`&&i.data?je(i.data):``,[k,i.data]),F=async()=>{j.current?.abort();let e=j.current=new AbortController;O(!0),E(null),S(null),w(null),A(`answer`);let t={query:f,variables:h,operationName:M.length>1?N?.name?.value:void 0};try{N?.operation===`subscription`?(w({text:``,count:0}),await $e(r,t,e.signal,(e,t)=>w({text:e,count:t}))):S(await Ze(r,t,e.signal))}catch(t){e.signal.aborted||E(t)}j.current===e&&O(!1)};return(0,$.jsx)(be,{fills:!0,title:`GraphQL`,lead:`Asked of /graphql.`,actions:(0,$.jsx)(ye,{}),children:(0,$.jsxs)(`div`,{className:`explorer`,children:[(0,$.jsxs)(`section`,{className:`pane`,"aria-label":`What is asked`,children:[(0,$.jsxs)(`div`,{className:`panebar`,children:[D?(0,$.jsx)(e,{icon:(0,$.jsx)(Oe,{size:13}),onClick:()=>(j.current?.abort(),O(!1)),children:`Stop`}):(0,$.jsx)(e,{kind:`primary`,icon:(0,$.jsx)(Ee,{size:13}),onClick:()=>void F(),children:`Run`}),M.length>1&&(0,$.jsx)(`select`,{className:`select`,"aria-label":`Operation`,value:N?.name?.value??``,onChange:e=>y(e.target.value),children:M.map((e,t)=>(0,$.jsxs)(`option`,{value:e.name?.value??``,children:[e.operation,` `,e.name?.value??`number ${t+1}`]},t))}),(0,$.jsx)(`span`,{className:`grow`}),(0,$.jsx)(e,{kind:`ghost`,icon:(0,$.jsx)(ee,{size:14}),onClick:()=>{try{m(B(z(f))+`
`)}catch(e){u(e)}},children:`Tidy`})]}),i.error&&(0,$.jsx)(`div`,{className:`inside`,children:(0,$.jsxs)(d,{warn:!0,children:[`Without the schema nothing is completed or checked: `,i.error.message]})}),(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(Q.Suspense,{fallback:(0,$.jsx)(`div`,{className:`inside`,children:(0,$.jsx)(b,{lines:7})}),children:(0,$.jsx)(W,{label:`The document`,language:`graphql`,value:f,onChange:m,onRun:()=>void F(),schema:i.data})})}),(0,$.jsx)(`h2`,{className:`panehead`,children:`Variables`}),(0,$.jsx)(`div`,{className:`editor short`,children:(0,$.jsx)(Q.Suspense,{fallback:null,children:(0,$.jsx)(W,{label:`The variables`,language:`json`,value:h,onChange:g,onRun:()=>void F(),hint:`{"id": "…"}`})})})]}),(0,$.jsxs)(`section`,{className:`pane`,"aria-label":`What is answered`,children:[(0,$.jsxs)(`div`,{className:`panebar`,children:[(0,$.jsx)(xe,{segmented:!0,label:`Beside the document`,tabs:[{value:`answer`,label:`Answer`},{value:`schema`,label:`Schema`}],value:k,onChange:A}),(0,$.jsx)(`span`,{className:`grow`}),k===`answer`&&x&&(0,$.jsxs)($.Fragment,{children:[(0,$.jsx)(Se,{answer:x,errors:Xe(x.text).length}),(0,$.jsx)(G,{text:x.text})]}),k===`answer`&&C&&(0,$.jsxs)(a,{tone:D?`good`:`plain`,children:[D?`live`:`ended`,`, `,C.count,` events`]}),k===`schema`&&(0,$.jsx)(G,{text:P})]}),k===`schema`?i.data?(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(Q.Suspense,{fallback:null,children:(0,$.jsx)(W,{label:`The schema`,language:`graphql`,value:P})})}):(0,$.jsx)(s,{icon:we,title:`The schema is not there`,children:i.error?.message??`It is on its way.`}):T===null?x?(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(K,{label:`The answer`,text:x.text})}):C?.text?(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(K,{label:`The events`,text:C.text})}):D?(0,$.jsx)(`div`,{className:`inside`,children:C?(0,$.jsx)(`p`,{className:`quiet`,children:`It listens. What is written now, here or elsewhere, is shown.`}):(0,$.jsx)(b,{lines:5})}):(0,$.jsx)(s,{icon:n,title:`Nothing was asked yet`,children:`Press Run, or Ctrl+Enter in the document. As a user it is answered with what the rules let them see.`}):(0,$.jsx)(`div`,{className:`inside`,children:(0,$.jsx)(p,{error:T})})]})]})})}export{at as GraphQLPage};