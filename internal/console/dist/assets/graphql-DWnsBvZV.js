import{r as e}from"./rolldown-runtime-XKyaHtl9.js";import{$ as t,F as n,Ft as r,It as i,L as a,N as o,O as s,Q as c,R as l,Tt as u,V as ee,et as d,it as te,wt as f,z as p}from"./index-Czwio6mj.js";import{A as m,B as h,E as g,F as ne,I as re,J as _,M as v,N as y,P as b,R as x,S,T as C,V as w,X as T,Y as E,Yt as D,_ as O,_t as k,a as A,c as j,ct as M,d as ie,f as N,ft as ae,hn as P,ht as F,j as oe,k as se,n as ce,nn as I,nt as le,ot as ue,p as de,q as fe,rt as pe,t as me,ut as L,vn as he,yn as R}from"./parser-DiplWJj_.js";import{n as ge,t as _e}from"./jsx-runtime-C3cWAN_r.js";import{t as ve}from"./acting-switch-BWyfz-Te.js";import{t as ye}from"./tabs-sBshK9_h.js";import{a as be,i as xe,n as z,o as Se,r as B,t as V}from"./explore-D8AKzyr0.js";import{a as Ce,c as we,n as H,r as Te,t as Ee}from"./request-B7F_41Uy.js";var U={name:`book-open`,size:24,node:[[`path`,{d:`M12 5v16`,key:`1f6ucr`}],[`path`,{d:`M20.001 19A2 2 0 0022 17V5a2 2 0 00-1.999-2L16 3.002A5 5 0 0012 5a5 5 0 00-4-2H4a2 2 0 00-2 2v12a2 2 0 001.999 2H8a5 5 0 014 2 5 5 0 014-2z`,key:`1fyvmf`}]]};U.node;var De=u(U),W={name:`play`,size:24,node:[[`path`,{d:`M5 5a2 2 0 0 1 3.008-1.728l11.997 6.998a2 2 0 0 1 .003 3.458l-12 7A2 2 0 0 1 5 19z`,key:`10ikf1`}]]};W.node;var Oe=u(W),G={name:`sparkles`,size:24,node:[[`path`,{d:`M11.017 2.814a1 1 0 0 1 1.966 0l1.051 5.558a2 2 0 0 0 1.594 1.594l5.558 1.051a1 1 0 0 1 0 1.966l-5.558 1.051a2 2 0 0 0-1.594 1.594l-1.051 5.558a1 1 0 0 1-1.966 0l-1.051-5.558a2 2 0 0 0-1.594-1.594l-5.558-1.051a1 1 0 0 1 0-1.966l5.558-1.051a2 2 0 0 0 1.594-1.594z`,key:`1s2grr`}],[`path`,{d:`M20 2v4`,key:`1rf3ol`}],[`path`,{d:`M22 4h-4`,key:`gwowj6`}],[`circle`,{cx:`4`,cy:`20`,r:`2`,key:`6kqj1y`}]],aliases:[`stars`]};G.node;var ke=u(G),K={name:`square`,size:24,node:[[`rect`,{width:`18`,height:`18`,x:`3`,y:`3`,rx:`2`,key:`afitv7`}]]};K.node;var Ae=u(K);function je(e){let t={descriptions:!0,specifiedByUrl:!1,directiveIsRepeatable:!1,schemaDescription:!1,inputValueDeprecation:!1,experimentalDirectiveDeprecation:!1,oneOf:!1,typeDepth:9,...e},n=t.descriptions?`description`:``,r=t.specifiedByUrl?`specifiedByURL`:``,i=t.directiveIsRepeatable?`isRepeatable`:``,a=t.schemaDescription?n:``;function o(e){return t.inputValueDeprecation?e:``}function s(e){return t.experimentalDirectiveDeprecation?e:``}let c=t.oneOf?`isOneOf`:``;function l(e,t){if(e<=0)return``;if(e>100)throw Error(`Please set typeDepth to a reasonable value between 0 and 100; the default is 9.`);return`
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
  `}function Me(e,t){he(e)&&he(e.__schema)||k(!1,`Invalid or incomplete introspection result. Ensure that you are passing "data" property of introspection response and no "errors" was returned alongside: ${R(e)}.`);let n=e.__schema,r=new Map(n.types.map(e=>[e.name,d(e)]));for(let e of[...g,...ie])r.has(e.name)&&r.set(e.name,e);let i=n.queryType==null?null:u(n.queryType),a=n.mutationType==null?null:u(n.mutationType),o=n.subscriptionType==null?null:u(n.subscriptionType),s=n.directives==null?[]:n.directives.map(P);return new A({description:n.description,query:i,mutation:a,subscription:o,types:[...r.values()],directives:s,assumeValid:t?.assumeValid});function c(e){if(e.kind===j.LIST){let t=e.ofType;if(t==null)throw Error(`Decorated type deeper than introspection query.`);return new v(c(t))}if(e.kind===j.NON_NULL){let t=e.ofType;if(t==null)throw Error(`Decorated type deeper than introspection query.`);let n=c(t);return new y(h(n))}return l(e)}function l(e){let t=e.name;if(!t)throw Error(`Unknown type reference: ${R(e)}.`);let n=r.get(t);if(n==null)throw Error(`Invalid or incomplete schema, unknown type: ${t}. Ensure that a full introspection query is used in order to build a client schema.`);return n}function u(e){return w(l(e))}function ee(e){return x(l(e))}function d(e){switch(e.kind){case j.SCALAR:return te(e);case j.OBJECT:return p(e);case j.INTERFACE:return _(e);case j.UNION:return S(e);case j.ENUM:return C(e);case j.INPUT_OBJECT:return T(e);default:throw Error(`Invalid or incomplete introspection result. Ensure that a full introspection query is used in order to build a client schema: ${R(e)}.`)}}function te(e){return new ne({name:e.name,description:e.description,specifiedByURL:e.specifiedByURL})}function f(e){if(e.interfaces===null&&e.kind===j.INTERFACE)return[];if(e.interfaces==null){let t=R(e);throw Error(`Introspection result missing interfaces: ${t}.`)}return e.interfaces.map(ee)}function p(e){return new b({name:e.name,description:e.description,interfaces:()=>f(e),fields:()=>D(e)})}function _(e){return new oe({name:e.name,description:e.description,interfaces:()=>f(e),fields:()=>D(e)})}function S(e){if(e.possibleTypes==null){let t=R(e);throw Error(`Introspection result missing possibleTypes: ${t}.`)}return new re({name:e.name,description:e.description,types:()=>e.possibleTypes.map(u)})}function C(e){if(e.enumValues==null){let t=R(e);throw Error(`Introspection result missing enumValues: ${t}.`)}return new se({name:e.name,description:e.description,values:F(e.enumValues,e=>e.name,e=>({description:e.description,deprecationReason:e.deprecationReason}))})}function T(e){if(e.inputFields==null){let t=R(e);throw Error(`Introspection result missing inputFields: ${t}.`)}return new m({name:e.name,description:e.description,fields:()=>N(e.inputFields),isOneOf:e.isOneOf})}function D(e){if(e.fields==null)throw Error(`Introspection result missing fields: ${R(e)}.`);return F(e.fields,e=>e.name,M)}function M(e){let t=c(e.type);if(!pe(t)){let e=R(t);throw Error(`Introspection must provide output type for fields, but received: ${e}.`)}if(e.args==null){let t=R(e);throw Error(`Introspection result missing field args: ${t}.`)}return{description:e.description,deprecationReason:e.deprecationReason,type:t,args:N(e.args)}}function N(e){return F(e,e=>e.name,ae)}function ae(e){let t=c(e.type);if(!E(t)){let e=R(t);throw Error(`Introspection must provide input type for arguments, but received: ${e}.`)}return{description:e.description,type:t,default:e.defaultValue==null?void 0:{literal:ce(e.defaultValue)},deprecationReason:e.deprecationReason}}function P(e){if(e.args==null){let t=R(e);throw Error(`Introspection result missing directive args: ${t}.`)}if(e.locations==null){let t=R(e);throw Error(`Introspection result missing directive locations: ${t}.`)}return new O({name:e.name,description:e.description,isRepeatable:e.isRepeatable,deprecationReason:e.deprecationReason,locations:e.locations.slice(),args:N(e.args)})}}function Ne(e){return Fe(e,e=>!S(e),Pe)}function Pe(e){return!C(e)&&!N(e)}function Fe(e,t,n){let r=e.getDirectives().filter(t),i=Object.values(e.getTypeMap()).filter(n);return[Ie(e),...r.map(e=>qe(e)),...i.map(e=>Re(e))].filter(Boolean).join(`

`)}function Ie(e){let t=e.getQueryType(),n=e.getMutationType(),r=e.getSubscriptionType();if((t||n||r)&&(e.description!=null||!Le(e)))return Z(e)+`schema {
`+(t?`  query: ${t}\n`:``)+(n?`  mutation: ${n}\n`:``)+(r?`  subscription: ${r}\n`:``)+`}`}function Le(e){return e.getQueryType()==e.getType(`Query`)&&e.getMutationType()==e.getType(`Mutation`)&&e.getSubscriptionType()==e.getType(`Subscription`)}function Re(e){if(ue(e))return ze(e);if(le(e))return Ve(e);if(T(e))return He(e);if(M(e))return Ue(e);if(fe(e))return We(e);if(_(e))return Ge(e);P(!1,`Unexpected type: `+R(e))}function ze(e){return Z(e)+`scalar ${e}`+Je(e)}function Be(e){let t=e.getInterfaces();return t.length?` implements `+t.map(e=>e.name).join(` & `):``}function Ve(e){return Z(e)+`type ${e}`+Be(e)+Ke(e)}function He(e){return Z(e)+`interface ${e}`+Be(e)+Ke(e)}function Ue(e){let t=e.getTypes(),n=t.length?` = `+t.join(` | `):``;return Z(e)+`union ${e.name}`+n}function We(e){let t=e.getValues().map((e,t)=>Z(e,`  `,!t)+`  `+e.name+X(e.deprecationReason));return Z(e)+`enum ${e}`+q(t)}function Ge(e){let t=Object.values(e.getFields()).map((e,t)=>Z(e,`  `,!t)+`  `+Y(e));return Z(e)+`input ${e}`+(e.isOneOf?` @oneOf`:``)+q(t)}function Ke(e){return q(Object.values(e.getFields()).map((e,t)=>Z(e,`  `,!t)+`  `+e.name+J(e.args,`  `)+`: `+String(e.type)+X(e.deprecationReason)))}function q(e){return e.length===0?``:` {
`+e.join(`
`)+`
}`}function J(e,t=``){return e.length===0?``:e.every(e=>e.description==null)?`(`+e.map(Y).join(`, `)+`)`:`(
`+e.map((e,n)=>Z(e,`  `+t,!n)+`  `+t+Y(e)).join(`
`)+`
`+t+`)`}function Y(e){let t=e.name+`: `+String(e.type),n=de(e);return n&&(t+=` = ${L(n)}`),t+X(e.deprecationReason)}function qe(e){return Z(e)+`directive ${e}`+J(e.args)+X(e.deprecationReason)+(e.isRepeatable?` repeatable`:``)+` on `+e.locations.join(` | `)}function X(e){return e==null?``:e===`No longer supported`?` @deprecated`:` @deprecated(reason: ${L({kind:I,value:e})})`}function Je(e){return e.specifiedByURL==null?``:` @specifiedBy(url: ${L({kind:I,value:e.specifiedByURL})})`}function Z(e,t=``,n=!0){let{description:r}=e;if(r==null)return``;let i=L({kind:I,value:r,block:ae(r)});return(t&&!n?`
`+t:t)+i.replaceAll(`
`,`
`+t)+`
`}var Q=e(ge(),1),Ye=[`access/sign_in`,`auth/bad_token`,`auth/expired_token`,`auth/revoked_token`,`access/as_admin`];function Xe({query:e,variables:t,operationName:n}){let r;try{r=t.trim()===``?void 0:JSON.parse(t)}catch(e){throw Error(`The variables are not JSON: ${e.message}`)}return{query:e,...r===void 0?{}:{variables:r},...n?{operationName:n}:{}}}var Ze=e=>{try{return(JSON.parse(e).errors??[]).map(e=>e.extensions?.code??``)}catch{return[]}};async function Qe(e,t,n){let r={...s(e),body:Xe(t),signal:n,raw:!0};for(let e=0;;e++){let t=performance.now(),i=await Se(t,await H(`POST`,`/graphql`,r)),a=Ze(i.text);if(e<2&&!r.token&&a.includes(`auth/reauthenticate`))await we();else if(e<1&&!r.token&&a.some(e=>Ye.includes(e)))await Te(`/console/api/me`,n);else return{...i,text:be(i.text)}}}var $e=200;async function et(e,t,n,r){let i=s(e),a=await H(`POST`,`/graphql`,{...i,headers:{...i.headers,Accept:`text/event-stream`},body:Xe(t),signal:n}),o=[],c=0,l=``,u=a.body.pipeThrough(new TextDecoderStream).getReader();for(;;){let{done:e,value:t}=await u.read();if(e)return;let n=(l+t).split(`

`);l=n.pop();for(let e of n){let t=e.split(`
`).filter(e=>e.startsWith(`data:`)).map(e=>e.slice(5).trim()).join(`
`);t&&(c++,o.unshift(be(t)),o.length=Math.min(o.length,$e))}r(o.join(`

`),c)}}var tt=r({queryKey:[`graphql schema`],queryFn:async({signal:e})=>{let t=await Ce(`POST`,`/graphql`,{body:{query:je()},signal:e});if(!t.data)throw new Ee(200,t.errors?.[0]?.extensions?.code??``,``,t.errors?.[0]?.message??`The server answered without data.`);return Me(t.data)},staleTime:6e4}),$=_e(),nt=`loam-console-graphql`;function rt(){try{return JSON.parse(localStorage.getItem(nt)??`null`)}catch{return null}}function it(e){let t=e?.models.find(e=>e.operations.list&&!e.builtIn&&!e.join);if(!t)return`{
  __typename
}
`;let n=t.fields.filter(e=>e.kind!==`relation`&&e.kind!==`embedded`&&!e.hidden).slice(0,5).map(e=>e.name),r=t.plural.charAt(0).toUpperCase()+t.plural.slice(1);return`# Ctrl+Space completes, Ctrl+Enter runs.\nquery ${r} {\n  list${r}(limit: 10) {\n    items {\n${n.map(e=>`      ${e}\n`).join(``)}    }\n    nextToken\n  }\n}\n`}function at(e){try{return me(e).definitions.filter(e=>e.kind===D)}catch{return[]}}function ot(){let e=o(),r=i(tt),s=i(te),[u]=(0,Q.useState)(rt),[m,h]=(0,Q.useState)(u?.query??``),[g,ne]=(0,Q.useState)(u?.variables??``),[re,_]=(0,Q.useState)(``),[v,y]=(0,Q.useState)(null),[b,x]=(0,Q.useState)(null),[S,C]=(0,Q.useState)(null),[w,T]=(0,Q.useState)(!1),[E,D]=(0,Q.useState)(`answer`),O=(0,Q.useRef)(null);(0,Q.useEffect)(()=>()=>O.current?.abort(),[]),(0,Q.useEffect)(()=>{!u&&!s.isPending&&h(e=>e||it(s.data))},[u,s.isPending,s.data]),(0,Q.useEffect)(()=>{m&&localStorage.setItem(nt,JSON.stringify({query:m,variables:g}))},[m,g]);let k=(0,Q.useMemo)(()=>at(m),[m]),A=k.find(e=>e.name?.value===re)??k[0],j=(0,Q.useMemo)(()=>E===`schema`&&r.data?Ne(r.data):``,[E,r.data]),M=async()=>{O.current?.abort();let t=O.current=new AbortController;T(!0),C(null),y(null),x(null),D(`answer`);let n={query:m,variables:g,operationName:k.length>1?A?.name?.value:void 0};try{A?.operation===`subscription`?(x({text:``,count:0}),await et(e,n,t.signal,(e,t)=>x({text:e,count:t}))):y(await Qe(e,n,t.signal))}catch(e){t.signal.aborted||C(e)}O.current===t&&T(!1)};return(0,$.jsx)(t,{fills:!0,title:`GraphQL`,lead:`Documents go to /graphql, as whom you choose.`,actions:(0,$.jsx)(ve,{}),children:(0,$.jsxs)(`div`,{className:`explorer`,children:[(0,$.jsxs)(`section`,{className:`pane`,"aria-label":`What is asked`,children:[(0,$.jsxs)(`div`,{className:`panebar`,children:[w?(0,$.jsx)(d,{icon:(0,$.jsx)(Ae,{size:13}),onClick:()=>(O.current?.abort(),T(!1)),children:`Stop`}):(0,$.jsx)(d,{kind:`primary`,icon:(0,$.jsx)(Oe,{size:13}),onClick:()=>void M(),children:`Run`}),k.length>1&&(0,$.jsx)(`select`,{className:`select`,"aria-label":`Operation`,value:A?.name?.value??``,onChange:e=>_(e.target.value),children:k.map((e,t)=>(0,$.jsxs)(`option`,{value:e.name?.value??``,children:[e.operation,` `,e.name?.value??`number ${t+1}`]},t))}),(0,$.jsx)(`span`,{className:`grow`}),(0,$.jsx)(d,{kind:`ghost`,icon:(0,$.jsx)(ke,{size:14}),onClick:()=>{try{h(L(me(m))+`
`)}catch(e){c(e)}},children:`Tidy`})]}),r.error&&(0,$.jsx)(`div`,{className:`inside`,children:(0,$.jsxs)(l,{warn:!0,children:[`Without the schema nothing is completed or checked: `,r.error.message]})}),(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(Q.Suspense,{fallback:(0,$.jsx)(`div`,{className:`inside`,children:(0,$.jsx)(p,{lines:7})}),children:(0,$.jsx)(z,{label:`The document`,language:`graphql`,value:m,onChange:h,onRun:()=>void M(),schema:r.data})})}),(0,$.jsx)(`h2`,{className:`panehead`,children:`Variables`}),(0,$.jsx)(`div`,{className:`editor short`,children:(0,$.jsx)(Q.Suspense,{fallback:null,children:(0,$.jsx)(z,{label:`The variables`,language:`json`,value:g,onChange:ne,onRun:()=>void M(),hint:`{"id": "…"}`})})})]}),(0,$.jsxs)(`section`,{className:`pane`,"aria-label":`What is answered`,children:[(0,$.jsxs)(`div`,{className:`panebar`,children:[(0,$.jsx)(ye,{segmented:!0,label:`Beside the document`,tabs:[{value:`answer`,label:`Answer`},{value:`schema`,label:`Schema`}],value:E,onChange:D}),(0,$.jsx)(`span`,{className:`grow`}),E===`answer`&&v&&(0,$.jsxs)($.Fragment,{children:[(0,$.jsx)(xe,{answer:v,errors:Ze(v.text).length}),(0,$.jsx)(B,{text:v.text})]}),E===`answer`&&b&&(0,$.jsxs)(n,{tone:w?`good`:`plain`,children:[w?`live`:`ended`,`, `,b.count,` events`]}),E===`schema`&&(0,$.jsx)(B,{text:j})]}),E===`schema`?r.data?(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(Q.Suspense,{fallback:null,children:(0,$.jsx)(z,{label:`The schema`,language:`graphql`,value:j})})}):(0,$.jsx)(a,{icon:De,title:`The schema is not there`,children:r.error?.message??`It is on its way.`}):S===null?v?(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(V,{label:`The answer`,text:v.text})}):b?.text?(0,$.jsx)(`div`,{className:`grow editor`,children:(0,$.jsx)(V,{label:`The events`,text:b.text})}):w?(0,$.jsx)(`div`,{className:`inside`,children:b?(0,$.jsx)(`p`,{className:`quiet`,children:`It listens. What is written now, here or elsewhere, is shown.`}):(0,$.jsx)(p,{lines:5})}):(0,$.jsx)(a,{icon:f,title:`Nothing was asked yet`,children:`Press Run, or Ctrl+Enter in the document. A user gets what the rules let them see.`}):(0,$.jsx)(`div`,{className:`inside`,children:(0,$.jsx)(ee,{error:S})})]})]})})}export{ot as GraphQLPage};