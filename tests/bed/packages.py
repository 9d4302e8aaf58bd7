"""What the trim rules are proved on: the most used packages of npm and PyPI that have odd files, in groups.

A group is one installation. Where two majors matter, an alias names the second: ``chalk4`` is ``npm:chalk@4``.
"""

from __future__ import annotations

NODE: dict[str, tuple[str, ...]] = {
    "web": (
        "express", "fastify", "koa", "hapi@npm:@hapi/hapi", "body-parser", "cookie-parser", "cors", "helmet",
        "compression", "morgan", "multer", "serve-static", "swagger-ui-dist", "socket.io", "socket.io-client", "ws",
        "passport", "jsonwebtoken", "express-validator", "ejs", "pug", "handlebars", "mustache", "nunjucks", "eta",
    ),
    "utility": (
        "lodash", "lodash-es", "underscore", "ramda", "rxjs", "async", "bluebird", "core-js", "moment",
        "moment-timezone", "dayjs", "luxon", "date-fns", "uuid", "nanoid", "chalk@5", "chalk4@npm:chalk@4", "commander",
        "yargs", "inquirer", "debug", "semver", "glob", "minimatch", "fs-extra", "rimraf", "dotenv", "immer", "joi",
        "zod", "yup", "ajv", "ajv-formats", "validator", "qs", "ms", "bignumber.js", "decimal.js", "mathjs",
        "iconv-lite", "mime", "mime-db", "mime-types", "i18n-iso-countries", "i18next", "libphonenumber-js",
        "faker@npm:@faker-js/faker", "xml2js", "fast-xml-parser", "js-yaml", "yaml", "csv-parse", "papaparse", "tslib",
        "reflect-metadata", "winston", "pino", "pino-pretty", "log4js", "node-cron", "source-map", "source-map-support",
    ),
    "clients": (
        "axios", "got", "got11@npm:got@11", "node-fetch@3", "node-fetch2@npm:node-fetch@2", "undici", "superagent",
        "form-data", "cheerio", "jsdom", "puppeteer-core", "stripe", "twilio", "discord.js", "@slack/web-api",
        "@sendgrid/mail", "nodemailer", "@octokit/rest", "openai", "googleapis-common", "@sentry/node",
        "@opentelemetry/api", "dd-trace", "@elastic/elasticsearch", "graphql", "@apollo/server", "@apollo/client",
        "graphql-request", "apollo-server-core",
    ),
    "cloud": (
        "aws-sdk", "@aws-sdk/client-s3", "@aws-sdk/client-dynamodb", "@aws-sdk/lib-dynamodb", "@aws-sdk/client-sqs",
        "firebase-admin", "google-gax", "@google-cloud/storage", "@google-cloud/firestore", "@grpc/grpc-js",
        "@grpc/proto-loader", "protobufjs", "google-protobuf", "@azure/storage-blob", "@azure/identity",
    ),
    "data": (
        "mongoose", "mongodb", "mysql2", "mysql", "pg", "knex", "sequelize", "typeorm", "redis", "ioredis", "kafkajs",
        "amqplib", "sql.js", "better-sqlite3", "@libsql/client", "@prisma/client@6", "drizzle-orm", "bullmq",
    ),
    "media": (
        # argon2 0.45 needs Node-API 10: Node 18 and 20 end with a segmentation fault as soon as it is loaded.
        "sharp", "bcrypt", "bcryptjs", "argon2@0.44", "jimp", "pdfkit", "pdf-lib", "pdf-parse", "pdfmake", "exceljs",
        "xlsx", "docx", "tesseract.js", "canvas", "fontkit", "qrcode", "marked", "markdown-it", "highlight.js",
        "sanitize-html", "katex", "adm-zip", "archiver", "jszip", "tar", "unzipper", "chart.js", "d3", "three",
    ),
    "build": (
        "typescript", "ts-node", "esbuild", "rollup", "webpack", "terser", "uglify-js", "@babel/core",
        "@babel/preset-env", "postcss", "autoprefixer", "tailwindcss@3", "tailwindcss4@npm:tailwindcss@4", "sass",
        "less", "stylus", "prettier", "eslint", "mocha", "chai", "sinon", "jest-worker", "caniuse-lite", "browserslist",
        "react", "react-dom", "vue", "svelte", "next-auth", "styled-components", "vm2", "isolated-vm", "acorn",
    ),
}  # fmt: skip

PYTHON: dict[str, tuple[str, ...]] = {
    "science": (
        "numpy", "pandas", "scipy", "pillow",
    ),
    "services": (
        "cryptography", "psycopg2-binary", "requests", "boto3", "pydantic", "sqlalchemy", "django", "jinja2", "lxml",
        "pytz", "tzdata", "certifi", "pyyaml", "flask", "fastapi", "aiohttp", "click", "rich", "grpcio", "protobuf",
        "redis", "pymongo", "httpx", "babel", "orjson", "attrs",
    ),
}  # fmt: skip
