"""The cell model: one token a cell, whose embedding is the sum of a colour's, a row's and a column's."""
