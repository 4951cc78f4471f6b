// The bundler turns importing a style sheet into its address.
declare module "*.css" {
  const address: string;
  export default address;
}
