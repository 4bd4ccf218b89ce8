//! One scenario a file; its name is a sentence that is true of the product.
