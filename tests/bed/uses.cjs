// Loading is not all: what a package reads when it is used must be there, too. Package → a use; what it gives is compared.
// `require` is that of the tree, `load` also takes ES modules.
'use strict'

module.exports = {
  'ejs': async ({ require, load }) => {
    return require('ejs').render('<%= a %>', {a: 1})
  },
  'pug': async ({ require, load }) => {
    return require('pug').render('p= a', {a: 1})
  },
  'handlebars': async ({ require, load }) => {
    return require('handlebars').compile('{{a}}')({a: 1})
  },
  'nunjucks': async ({ require, load }) => {
    return require('nunjucks').renderString('{{ a }}', {a: 1})
  },
  'swagger-ui-dist': async ({ require, load }) => {
    return require('fs').readdirSync(require('swagger-ui-dist').absolutePath()).filter(n => /\.(css|html|js)$/.test(n)).join()
  },
  'socket.io': async ({ require, load }) => {
    return require('fs').readdirSync(require('path').join(require.resolve('socket.io'), '../../client-dist')).filter(n => n.endsWith('.js')).join()
  },
  'moment': async ({ require, load }) => {
    const m = require('moment')
    m.locale('de')
    return m.utc(0).format('LLLL')
  },
  'moment-timezone': async ({ require, load }) => {
    return require('moment-timezone').tz(0, 'Asia/Tokyo').format()
  },
  'dayjs': async ({ require, load }) => {
    const d = require('dayjs')
    d.extend(require('dayjs/plugin/utc'))
    require('dayjs/locale/de')
    return d.utc(0).locale('de').format('dddd MMMM')
  },
  'mime-types': async ({ require, load }) => {
    return require('mime-types').lookup('a.html')
  },
  'i18n-iso-countries': async ({ require, load }) => {
    const c = require('i18n-iso-countries')
    c.registerLocale(require('i18n-iso-countries/langs/de.json'))
    return c.getName('FR', 'de')
  },
  'faker': async ({ require, load }) => {
    const {faker} = await load('faker')
    faker.seed(1)
    return faker.person.fullName()
  },
  'pino': async ({ require, load }) => {
    const p = require('pino')
    const t = p.transport({target: 'pino/file', options: {destination: '/dev/null'}})
    return new Promise((ok, no) => { t.on('ready', () => ok('ready'))
    t.on('error', no) })
  },
  'winston': async ({ require, load }) => {
    const w = require('winston')
    return typeof w.createLogger({transports: [new w.transports.Console()]}).info
  },
  'jsdom': async ({ require, load }) => {
    const {JSDOM} = require('jsdom')
    const d = new JSDOM('<p style=color:red>a</p>', {runScripts: 'dangerously'})
    return d.window.getComputedStyle(d.window.document.querySelector('p')).display + d.window.document.body.textContent
  },
  'cheerio': async ({ require, load }) => {
    const {load: parse} = require('cheerio')
    return parse('<b>x</b>')('b').text()
  },
  'stripe': async ({ require, load }) => {
    const S = require('stripe')
    return typeof new (S.default || S)('sk_test_x').customers.create
  },
  'twilio': async ({ require, load }) => {
    return typeof require('twilio')('AC' + 'x'.repeat(32), 'y').messages.create
  },
  'aws-sdk': async ({ require, load }) => {
    const A = require('aws-sdk')
    return typeof new A.EC2({region: 'eu-west-1'}).runInstances + typeof new A.S3().putObject
  },
  '@aws-sdk/client-s3': async ({ require, load }) => {
    const {S3Client} = require('@aws-sdk/client-s3')
    return typeof new S3Client({region: 'eu-west-1'}).send
  },
  'google-gax': async ({ require, load }) => {
    const g = require('google-gax')
    return Object.keys(new g.GrpcClient().loadProto(g.protobuf.util ? require('path').join(require.resolve('google-gax'), '../../protos/google/api') : '', 'http.proto')).join()
  },
  '@grpc/proto-loader': async ({ require, load }) => {
    return Object.keys(require('@grpc/proto-loader').loadSync('google/protobuf/any.proto')).join()
  },
  'protobufjs': async ({ require, load }) => {
    return require('protobufjs').parse('syntax="proto3"; message A { string b = 1; }').root.lookupType('A').encode({b: 'x'}).finish().length
  },
  'firebase-admin': async ({ require, load }) => {
    const a = require('firebase-admin')
    return typeof a.initializeApp({projectId: 'x'}).firestore().collection('a').get
  },
  'mongoose': async ({ require, load }) => {
    const m = require('mongoose')
    return typeof m.model('A', new m.Schema({a: String})).find
  },
  'mysql2': async ({ require, load }) => {
    return typeof require('mysql2/promise').createPool({host: 'x'}).query
  },
  'pg': async ({ require, load }) => {
    return typeof new (require('pg').Pool)({host: 'x'}).query
  },
  'knex': async ({ require, load }) => {
    const k = require('knex')({client: 'pg'})
    const made = await k.migrate.make('x', {directory: process.cwd(), extension: 'ts'})
    return require('fs').readFileSync(made, 'utf8')
  },
  'sequelize': async ({ require, load }) => {
    const {Sequelize} = require('sequelize')
    try { return String(new Sequelize('postgres://x/y').getDialect()) } catch (e) { return e.message }
  },
  'sql.js': async ({ require, load }) => {
    const q = await require('sql.js')()
    const d = new q.Database()
    return JSON.stringify(d.exec('select 1+1'))
  },
  'typeorm': async ({ require, load }) => {
    const t = require('typeorm')
    const d = new t.DataSource({type: 'sqljs'})
    await d.initialize()
    return JSON.stringify(await d.query('select 2'))
  },
  '@libsql/client': async ({ require, load }) => {
    const c = require('@libsql/client').createClient({url: 'file::memory:'})
    return JSON.stringify((await c.execute('select 3 as a')).rows[0].a)
  },
  'sharp': async ({ require, load }) => {
    const s = require('sharp')
    return (await s({create: {width: 8, height: 8, channels: 3, background: 'red'}}).resize(4).png().toBuffer()).length
  },
  'bcrypt': async ({ require, load }) => {
    return require('bcrypt').compareSync('a', require('bcrypt').hashSync('a', 4))
  },
  'pdfkit': async ({ require, load }) => {
    const P = require('pdfkit')
    const d = new P()
    d.font('Times-BoldItalic').text('x')
    return new Promise(ok => { let n = 0
    d.on('data', b => n++)
    d.on('end', () => ok(n > 0))
    d.end() })
  },
  'pdf-lib': async ({ require, load }) => {
    const {PDFDocument, StandardFonts} = require('pdf-lib')
    const d = await PDFDocument.create()
    await d.embedFont(StandardFonts.TimesRoman)
    return (await d.save()).length > 100
  },
  'exceljs': async ({ require, load }) => {
    const E = require('exceljs')
    const w = new E.Workbook()
    w.addWorksheet('a').addRow([1])
    return (await w.xlsx.writeBuffer()).byteLength > 100
  },
  'highlight.js': async ({ require, load }) => {
    return require('highlight.js').highlight('let a = 1', {language: 'typescript'}).value
  },
  'markdown-it': async ({ require, load }) => {
    return require('markdown-it')().render('# a')
  },
  'katex': async ({ require, load }) => {
    return require('katex').renderToString('x^2').length
  },
  'mathjs': async ({ require, load }) => {
    return String(require('mathjs').evaluate('2 inch to cm'))
  },
  'typescript': async ({ require, load }) => {
    const t = require('typescript')
    const p = t.createProgram(['/tmp/none.ts'], {noLib: false})
    return p.getOptionsDiagnostics().length + ',' + t.transpile('let a: number = 1')
  },
  'esbuild': async ({ require, load }) => {
    return require('esbuild').transformSync('let a: number = 1', {loader: 'ts'}).code
  },
  'rollup': async ({ require, load }) => {
    const {rollup} = require('rollup')
    const b = await rollup({input: 'a', plugins: [{resolveId: i => i, load: () => 'export default 1'}]})
    return (await b.generate({format: 'cjs'})).output[0].code
  },
  'webpack': async ({ require, load }) => {
    const w = require('webpack')
    const fs = require('fs')
    fs.writeFileSync('a.js', 'console.log(1)')
    return new Promise((ok, no) => w({mode: 'production', entry: './a.js', context: process.cwd()}, (e, s) => e ? no(e) : ok(s.hasErrors())))
  },
  'terser': async ({ require, load }) => {
    return (await require('terser').minify('function a(b) { return b + 1 }')).code
  },
  'uglify-js': async ({ require, load }) => {
    return require('uglify-js').minify('function a(b) { return b + 1 }').code
  },
  '@babel/core': async ({ require, load }) => {
    return (await require('@babel/core').transformAsync('let a = () => 1', {presets: [require.resolve('@babel/preset-env')], configFile: false, babelrc: false})).code
  },
  'postcss': async ({ require, load }) => {
    return (await require('postcss')([require('autoprefixer')({overrideBrowserslist: ['ie 11']})]).process('a { display: flex }', {from: undefined})).css
  },
  'tailwindcss': async ({ require, load }) => {
    return (await require('postcss')([require('tailwindcss')({content: [{raw: '<p class="p-4">'}]})]).process('@tailwind base; @tailwind utilities', {from: undefined})).css.length
  },
  'sass': async ({ require, load }) => {
    return require('sass').compileString('a { b { c: d } }').css
  },
  'less': async ({ require, load }) => {
    return (await require('less').render('a { b { c: d } }')).css
  },
  'stylus': async ({ require, load }) => {
    return require('stylus').render('a\n  color red')
  },
  'prettier': async ({ require, load }) => {
    const p = await load('prettier')
    return (await p.format('a( 1)', {parser: 'babel'})) + (await p.format('# a', {parser: 'markdown'})) + (await p.format('a: int', {parser: 'yaml'}))
  },
  'eslint': async ({ require, load }) => {
    const {Linter} = require('eslint')
    return new Linter().verify('var a = 1', {rules: {'no-var': 2, 'prefer-const': 2}}).length + ',' + (typeof require('eslint/use-at-your-own-risk').builtinRules.get('semi'))
  },
  'mocha': async ({ require, load }) => {
    const M = require('mocha')
    return typeof new M({reporter: 'dot', ui: 'tdd'}).run
  },
  'vue': async ({ require, load }) => {
    return typeof require('vue/compiler-sfc').parse('<template><a/></template>').descriptor.template.content
  },
  'react-dom': async ({ require, load }) => {
    return require('react-dom/server').renderToString(require('react').createElement('p', null, 'a'))
  },
  'svelte': async ({ require, load }) => {
    return require('svelte/compiler').compile('<p>a</p>', {generate: 'server'}).js.code.length > 10
  },
  'graphql': async ({ require, load }) => {
    const g = require('graphql')
    return String(g.printSchema(g.buildSchema('type Query { a: Int }')))
  },
  'date-fns': async ({ require, load }) => {
    return require('date-fns').format(new Date(0), 'PPPP', {locale: require('date-fns/locale').de}).length
  },
  'core-js': async ({ require, load }) => {
    require('core-js/actual')
    return typeof require('core-js/es/array/from')
  },
  'iconv-lite': async ({ require, load }) => {
    return require('iconv-lite').encode('ü', 'euc-kr').length + require('iconv-lite').decode(Buffer.from([0x82, 0xa0]), 'shift_jis')
  },
  'libphonenumber-js': async ({ require, load }) => {
    return require('libphonenumber-js').parsePhoneNumber('+4930123456').country
  },
  'undici': async ({ require, load }) => {
    return typeof new (require('undici').Agent)().dispatch
  },
  'googleapis-common': async ({ require, load }) => {
    return typeof require('googleapis-common').createAPIRequest
  },
  'discord.js': async ({ require, load }) => {
    const d = require('discord.js')
    return typeof new d.Client({intents: []}).login
  },
  'openai': async ({ require, load }) => {
    const O = require('openai')
    return typeof new (O.default || O)({apiKey: 'x'}).chat.completions.create
  },
  'ajv': async ({ require, load }) => {
    const A = require('ajv')
    return new (A.default || A)().compile({type: 'number'})(1)
  },
  'xml2js': async ({ require, load }) => {
    return JSON.stringify(await require('xml2js').parseStringPromise('<a>1</a>'))
  },
  'bullmq': async ({ require, load }) => {
    return typeof require('bullmq').Queue
  },
  'kafkajs': async ({ require, load }) => {
    return typeof new (require('kafkajs').Kafka)({brokers: ['x:1']}).producer().send
  },
  'nodemailer': async ({ require, load }) => {
    return typeof require('nodemailer').createTransport({service: 'gmail'}).sendMail
  },
  'pdfmake': async ({ require, load }) => {
    return typeof require('pdfmake')
  },
  'yargs': async ({ require, load }) => {
    const y = require('yargs')
    return await (y.default || y)([]).locale('de').getHelp()
  },
  'commander': async ({ require, load }) => {
    return new (require('commander').Command)('a').helpInformation()
  },
  'log4js': async ({ require, load }) => {
    return typeof require('log4js').getLogger('x').info
  },
  'puppeteer-core': async ({ require, load }) => {
    return typeof (await load('puppeteer-core')).launch
  },
  'ts-node': async ({ require, load }) => {
    return require('ts-node').create({transpileOnly: true, skipProject: true}).compile('let a: number = 1', 'a.ts').split('\n')[0]
  },
  'dd-trace': async ({ require, load }) => {
    return typeof require('dd-trace').init
  },
  '@prisma/client': async ({ require, load }) => {
    try { return String(new (require('@prisma/client').PrismaClient)()) } catch (e) { return e.message.split('\n')[0] }
  },
}
