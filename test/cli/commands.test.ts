import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ownSpecifier } from '../../src/cli/own-specifier.js'
import { templates } from '../../src/cli/templates.js'
import { version } from '../../src/compiler/version.js'
import { cpu } from '../../src/targets/cpu/index.js'
import { cuda, cudaTf32 } from '../../src/targets/cuda/index.js'
import { Installed } from './installed.js'

/*
 * Aim: every command says, in words that a user can act on, what it did or what is wrong, and its exit code tells which
 * (0 done, 1 the input is at fault, 2 usage). All that is printed is compared whole.
 */

let dcrc: Installed
beforeAll(() => {
  dcrc = Installed.build()
  dcrc.write(
    'good.dcr',
    'pipeline good {\n  param tau: float = 0.1\n  allow "pipeline/idle" "holds a param"\n}\n',
  )
  dcrc.write('loose.dcr', 'pipeline loose { allow "pipeline/idle" "empty" }\n\n\n\n')
  dcrc.write('bad.dcr', 'pipeline bad {\n  let x = taw\n  param tau: float = 0.1\n  let y = nope\n}\n')
  dcrc.write('broken.dcr', 'pipeline {\n')
})
afterAll(() => dcrc.remove())

const missing = `error[file/missing]: cannot read \`none.dcr\`
  --> none.dcr
  help: paths are relative to the folder that dcrc is started in
`

describe('usage', () => {
  test('without a command, and with --help, all commands are listed', async () => {
    const bare = await dcrc.dcrc('')
    const help = await dcrc.dcrc('--help')
    expect([bare.code, help.code]).toEqual([0, 0])
    expect(help.stdout).toBe(bare.stderr)
    for (const command of [
      'check',
      'fmt',
      'plan',
      'compile',
      'run',
      'compare',
      'new',
      'doctor',
      'data',
      'explain',
    ])
      expect(help.stdout).toContain(`\n  ${command} `)
  })

  test.each([
    ['chek', "error: unknown command 'chek'\n(Did you mean check?)\n(dcrc --help lists the commands)\n"],
    [
      'run --step 3',
      "error: unknown option '--step'\n(Did you mean --steps?)\n(dcrc run --help lists its options)\n",
    ],
    ['fmt', "error: missing required argument 'files'\n(dcrc fmt --help lists its options)\n"],
    [
      'check good.dcr --set tau',
      "error: option '--set <name=value>' argument 'tau' is invalid. Write name=value.\n(dcrc check --help lists its options)\n",
    ],
    [
      'run --steps 0',
      "error: option '--steps <n>' argument '0' is invalid. Write a whole number of at least 1.\n(dcrc run --help lists its options)\n",
    ],
    [
      'compare a.dcr b.dcr --jobs 0',
      "error: option '--jobs <n>' argument '0' is invalid. Write a whole number of at least 1.\n(dcrc compare --help lists its options)\n",
    ],
    [
      'compare a.dcr b.dcr --jobs -2',
      "error: option '--jobs <n>' argument '-2' is invalid. Write a whole number of at least 1.\n(dcrc compare --help lists its options)\n",
    ],
    [
      'compare a.dcr b.dcr --jobs all',
      "error: option '--jobs <n>' argument 'all' is invalid. Write a whole number of at least 1.\n(dcrc compare --help lists its options)\n",
    ],
    [
      'compile --seed 1.5',
      "error: option '--seed <n>' argument '1.5' is invalid. Write a whole number of at least 0.\n(dcrc compile --help lists its options)\n",
    ],
  ])('dcrc %s', async (line, stderr) => {
    expect(await dcrc.dcrc(line)).toEqual({ code: 2, stdout: '', stderr })
  })
})

describe('check', () => {
  const unused = 'warning[name/unused]: param `tau` is never used'
  const unknown = [
    'error[name/unknown]: there is no name `taw`',
    'error[name/unknown]: there is no name `nope`',
  ]

  test('a file without errors is said to have none, on stdout', async () => {
    const { code, stdout, stderr } = await dcrc.dcrc('check good.dcr')
    expect([code, stdout]).toEqual([0, 'good.dcr: no errors, 1 warning\n'])
    expect(stderr.startsWith(`${unused}\n  --> good.dcr:2:9\n`)).toBe(true)
  })

  test('of several files all mistakes are told at once, with those that cannot be read', async () => {
    const { code, stdout, stderr } = await dcrc.dcrc('check good.dcr bad.dcr none.dcr')
    expect([code, stdout]).toEqual([1, ''])
    for (const line of [unused, ...unknown, 'help: did you mean `tau`?', missing])
      expect(stderr).toContain(line)
  })

  test('--json gives the same to tools, with lines and columns', async () => {
    const { code, stdout, stderr } = await dcrc.dcrc('check --json bad.dcr none.dcr')
    expect([code, stderr]).toEqual([1, ''])
    const found = JSON.parse(stdout) as {
      code: string
      severity: string
      span: { file: string; from?: object }
    }[]
    expect(
      found.filter((d) => d.severity === 'error').map((d) => [d.code, d.span.file, d.span.from]),
    ).toEqual([
      ['name/unknown', 'bad.dcr', { line: 2, column: 11 }],
      ['name/unknown', 'bad.dcr', { line: 4, column: 11 }],
      ['file/missing', 'none.dcr', undefined],
    ])
    expect(await dcrc.dcrc('check --json loose.dcr')).toEqual({ code: 0, stdout: '[]\n', stderr: '' })
  })

  test.each([
    ['taw=3', 'error[pipeline/unknown-param]: the pipeline has no param `taw` to set', 'did you mean `tau`?'],
    ['tau=warm', 'error[pipeline/bad-param]: `tau` takes float, not `warm`', '--> good.dcr:2:9'],
  ])('--set %s is told', async (setting, message, more) => {
    const { code, stderr } = await dcrc.dcrc(`check good.dcr --set ${setting}`)
    expect(code).toBe(1)
    expect(stderr).toContain(message)
    expect(stderr).toContain(more)
  })

  test('without a name it takes the only pipeline file, and lists them where there are more', async () => {
    const several = await dcrc.dcrc('check')
    expect(several.code).toBe(1)
    expect(several.stderr).toContain('there are 4 pipeline files in this folder')
    expect(several.stderr).toContain('help: name one: bad.dcr, broken.dcr, good.dcr, loose.dcr')
    dcrc.write('one/only.dcr', 'pipeline only { allow "pipeline/idle" "empty" }\n')
    dcrc.write('one/library.dcr', 'fn twice(x) = x + x\n')
    expect(await dcrc.dcrc('check', 'one')).toEqual({ code: 0, stdout: 'only.dcr: no errors\n', stderr: '' })
    dcrc.write('none/readme.md', '')
    const none = await dcrc.dcrc('check', 'none')
    expect(none.code).toBe(1)
    expect(none.stderr).toContain('help: name one: `dcrc run FILE`, or make a project: `dcrc new NAME`')
  })
})

describe('fmt', () => {
  test('--check names what is not formatted and changes nothing; without it files are formatted', async () => {
    const text = dcrc.read('loose.dcr')
    const checked = await dcrc.dcrc('fmt --check loose.dcr good.dcr')
    const said = 'loose.dcr is not formatted\nrun `dcrc fmt loose.dcr`\n'
    expect(checked).toEqual({ code: 1, stdout: said, stderr: '' })
    expect(dcrc.read('loose.dcr')).toBe(text)
    const formatted = await dcrc.dcrc('fmt loose.dcr good.dcr')
    expect(formatted).toEqual({ code: 0, stdout: 'formatted loose.dcr\n', stderr: '' })
    expect(dcrc.read('loose.dcr')).toBe('pipeline loose {\n  allow "pipeline/idle" "empty"\n}\n')
    expect(await dcrc.dcrc('fmt --check loose.dcr good.dcr')).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test('a file that cannot be parsed is told and left alone, one that cannot be read is told too', async () => {
    const { code, stderr } = await dcrc.dcrc('fmt broken.dcr none.dcr')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error\[syntax\//)
    expect(stderr).toContain(missing)
    expect(dcrc.read('broken.dcr')).toBe('pipeline {\n')
  })
})

describe('explain', () => {
  test('gives the page of a code, and all codes without one', async () => {
    const page = await dcrc.dcrc('explain name/unknown')
    expect(page.code).toBe(0)
    expect(page.stdout).toMatch(/^error\[name\/unknown\]\n\nA name is used that nothing declares/)
    const list = (await dcrc.dcrc('explain')).stdout.trimEnd().split('\n')
    expect(list.length).toBeGreaterThan(80)
    for (const line of list) expect(line).toMatch(/^[a-z]+\/[a-z-]+ +(error|warning) +\S.{9,95}$/)
  })

  test('an unknown code is told, with the nearest', async () => {
    const { code, stderr } = await dcrc.dcrc('explain nme/unknown')
    const said =
      'there is no diagnostic `nme/unknown`; did you mean `name/unknown`?\n`dcrc explain` lists all\n'
    expect([code, stderr]).toEqual([1, said])
  })
})

describe('new', () => {
  test('makes a project that checks and plans, and says what to type', async () => {
    const made = await dcrc.dcrc('new First')
    expect(made.code).toBe(0)
    expect(made.stdout).toContain('  cd First\n  npm install ')
    expect(JSON.parse(dcrc.read('First/package.json'))).toMatchObject({ name: 'first', dcrc: 'digits.dcr' })
    const spaced = await dcrc.start(['new', 'my project'], '.').outcome
    expect(spaced.stdout).toContain("  cd 'my project'\n")
    const checked = await dcrc.dcrc('check', 'First')
    expect(checked).toEqual({ code: 0, stdout: 'digits.dcr: no errors\n', stderr: '' })
    expect(await dcrc.dcrc('fmt --check digits.dcr', 'First')).toEqual({ code: 0, stdout: '', stderr: '' })

    const plan = await dcrc.dcrc('plan', 'First')
    expect([plan.code, plan.stderr]).toEqual([0, ''])
    const parameters = 3 * 32 * 32 * 64 + 64 + 64 * 10 + 10
    // the defaults that decide the result, too
    expect(plan.stdout).toContain(`pipeline digits
  params       none; seed 0
  data         train = mnist(split = "train", size = 32)

stage learn: 500 steps
`)
    expect(plan.stdout).toContain(
      '  optimizer    adamw(lr = 0.001, betas = [0.9, 0.999], eps = 1e-8, weight_decay = 0.01), constant()\n',
    )
    expect(plan.stdout).toContain(`reader       ${Math.round(parameters / 1000)}k parameters, all trained\n`)
    for (const row of ['compute', 'peak memory', 'bus', 'checkpoint', 'data'])
      expect(plan.stdout).toMatch(new RegExp(`^  ${row} +\\S`, 'm'))
    const json = await dcrc.dcrc('plan --json', 'First')
    expect(JSON.parse(json.stdout)).toMatchObject({
      pipeline: 'digits',
      stages: [{ stage: 'learn', steps: 500 }],
    })

    dcrc.write(
      'First/warmer.dcr',
      'use "./digits.dcr" { digits }\npipeline warmer extends digits { override stage learn { steps 50 } }\n',
    )
    const edit = await dcrc.dcrc('plan warmer.dcr --against digits.dcr', 'First')
    expect([edit.code, edit.stderr]).toEqual([0, ''])
    expect(edit.stdout).toMatch(
      /^pipeline\n- pipeline digits\n\+ pipeline warmer\n\nstage learn\n- stage learn: 500 steps\n\+ stage learn: 50 steps\n- {3}compute .*\n\+ {3}compute .*\n$/,
    )

    mkdirSync(dcrc.path('Empty'))
    expect((await dcrc.dcrc('new Empty')).code).toBe(0)
    const again = await dcrc.dcrc('new First')
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('error[file/exists]: `First` exists already')
  })
})

describe('templates of new', () => {
  test.each(templates)(
    '$name: its pipelines are free of complaints and formatted',
    async ({ name, main }) => {
      const folder = `from-${name}`
      expect((await dcrc.dcrc(`new ${folder} --template ${name}`)).code).toBe(0)
      const pipelines = readdirSync(dcrc.path(folder)).filter(
        (file) => file.endsWith('.dcr') && /^pipeline /m.test(dcrc.read(join(folder, file))),
      )
      expect(pipelines).toContain(main)
      const checked = await dcrc.dcrc(`check ${pipelines.join(' ')}`, folder)
      expect(checked).toEqual({ code: 0, stdout: `${pipelines.join(', ')}: no errors\n`, stderr: '' })
      expect((await dcrc.dcrc(`fmt --check ${pipelines.join(' ')}`, folder)).code).toBe(0)
      // what it reads of its own folder is there
      dcrc.install(folder)
      const looked = await dcrc.dcrc('doctor', folder)
      expect(looked).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`${main}; found the files of`),
      })
    },
  )

  test('one that there is none of is a mistake of the command line', async () => {
    const { code, stderr } = await dcrc.dcrc('new other --template dcx')
    expect([code, existsSync(dcrc.path('other'))]).toEqual([2, false])
    expect(stderr).toContain("'dcx' is invalid. Allowed choices are digits")
  })
})

describe('what a project says to get dcrc', () => {
  /** A package of dcrc in a folder as npm leaves it, with what it noted. */
  const installed = (resolved?: string): string => {
    const folder = mkdtempSync(join(dcrc.folder, 'root-'))
    mkdirSync(join(folder, 'node_modules/dcrc'), { recursive: true })
    if (resolved !== undefined)
      writeFileSync(
        join(folder, 'node_modules/.package-lock.json'),
        JSON.stringify({ packages: { 'node_modules/dcrc': { version, resolved } } }),
      )
    return folder
  }
  const specifier = (resolved?: string): string => {
    const folder = installed(resolved)
    return ownSpecifier(join(folder, 'new/project'), join(folder, 'node_modules/dcrc'))
  }

  test('from the registry, its version; from a packed file or a repository, that', () => {
    expect(specifier(`https://registry.example/dcrc/-/dcrc-${version}.tgz`)).toBe(version)
    expect(specifier('file:../packed/dcrc.tgz')).toBe('file:../../../packed/dcrc.tgz')
    expect(specifier('git+ssh://git@git.example/a/dcrc.git#0123')).toBe(
      'git+ssh://git@git.example/a/dcrc.git#0123',
    )
    expect(specifier('https://files.example/nightly/dcrc.tgz')).toBe('https://files.example/nightly/dcrc.tgz')
  })

  test('from a clone, or where npm noted nothing, its place', () => {
    expect(specifier()).toBe('file:../../node_modules/dcrc')
    const clone = mkdtempSync(join(dcrc.folder, 'clone-'))
    expect(ownSpecifier(join(clone, '../project'), clone)).toBe(`file:../${basename(clone)}`)
  })
})

describe('--target', () => {
  test.each([
    'check good.dcr loose.dcr',
    'plan good.dcr',
    'compile good.dcr',
    'run good.dcr',
    'compare good.dcr loose.dcr',
  ])('of `dcrc %s`: one that there is none of is told, with those that there are', async (line) => {
    expect(await dcrc.dcrc(`${line} --target cqu`)).toEqual({
      code: 1,
      stdout: '',
      stderr: `error[target/unknown]: there is no target \`cqu\`
  --> --target
  help: there are \`cpu\` (${cpu.doc}), \`cuda\` (${cuda.doc}), \`cuda-tf32\` (${cudaTf32.doc})
`,
    })
    expect(['compiled', 'runs'].filter((folder) => existsSync(dcrc.path(folder)))).toEqual([])
  })

  test('that there is changes nothing where it is the one that is taken anyway', async () => {
    const plan = await dcrc.dcrc('plan good.dcr')
    expect(await dcrc.dcrc('plan good.dcr --target cpu')).toEqual(plan)
    expect((await dcrc.dcrc('check good.dcr --target cpu')).code).toBe(0)
  })
})

describe('compile', () => {
  test('writes a folder, replaces it, and replaces nothing else', async () => {
    await dcrc.dcrc('new Second')
    for (let i = 0; i < 2; i++) {
      const { code, stdout } = await dcrc.dcrc('compile', 'Second')
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(/^digits: 2 graphs, [\d.]+ kB, in compiled\/digits\/cpu\n$/),
      ])
    }
    const text = dcrc.read('Second/digits.dcr')
    const refused = await dcrc.dcrc('compile --out .', 'Second')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain(
      'error[file/not-replaced]: `.` holds something else than a compiled pipeline: .gitignore, .npmrc, compiled and 2 more',
    )
    expect(dcrc.read('Second/digits.dcr')).toBe(text)
  })

  test('takes no folder for its own that only looks like one, and leaves nothing beside it', async () => {
    await dcrc.dcrc('new Own')
    const compile = () => dcrc.dcrc('compile --out out', 'Own')
    dcrc.write('Own/out/weights.onnx', 'trained for weeks')
    dcrc.write('Own/out/manifest.json', '{ "pipeline": "mine" }')
    expect((await compile()).stderr).toContain('compiled pipeline: manifest.json, weights.onnx\n')
    expect(dcrc.read('Own/out/weights.onnx')).toBe('trained for weeks')

    rmSync(dcrc.path('Own/out'), { recursive: true })
    mkdirSync(dcrc.path('Own/out'))
    expect((await compile()).code).toBe(0)
    dcrc.write('Own/out/model.onnx', 'exported from there')
    expect((await compile()).stderr).toContain('compiled pipeline: model.onnx\n')
    expect(dcrc.read('Own/out/model.onnx')).toBe('exported from there')

    rmSync(dcrc.path('Own/out/model.onnx'))
    dcrc.write('Own/out/learn.step.onnx', 'cut off')
    expect((await compile()).code).toBe(0)
    expect((await dcrc.dcrc('run out --steps 1 --weights random', 'Own')).code).toBe(0)
    expect(readdirSync(dcrc.path('Own')).sort()).toEqual(
      ['.dcrc', '.gitignore', '.npmrc', 'digits.dcr', 'out', 'package.json', 'runs'].filter((name) =>
        existsSync(dcrc.path('Own', name)),
      ),
    )
  })

  test('what the system refuses is told as the system says it, not as a bug', async () => {
    const { code, stderr } = await dcrc.dcrc('compile --out digits.dcr/inside', 'Second')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error\[file\/refused\]: not a directory, \w+ /)
  })
})

test('comparing a pipeline with itself is told before anything runs', async () => {
  await dcrc.dcrc('new Third')
  const { code, stderr } = await dcrc.dcrc('compare digits.dcr digits.dcr', 'Third')
  expect(code).toBe(1)
  expect(stderr).toContain('error[file/same-pipeline]: pipeline `digits` is to be compared with itself')
})
