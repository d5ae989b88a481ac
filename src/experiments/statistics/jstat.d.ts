declare module 'jstat' {
  interface StudentT {
    /** The share of the distribution with `df` degrees of freedom that lies at or below `x`. */
    cdf(x: number, df: number): number
    inv(p: number, df: number): number
  }
  const library: { readonly jStat: { readonly studentt: StudentT } }
  export default library
}
