export { default as RecipeForm } from './RecipeForm.svelte'
export { default as RecipeTrial } from './RecipeTrial.svelte'
export { blankRecipe, copyOf, statuses } from './choices'
