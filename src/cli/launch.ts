#!/usr/bin/env node
import './engine.js'
import { loadProgram } from './program-code.js'

loadProgram().run()
