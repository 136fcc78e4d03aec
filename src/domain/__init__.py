"""The rules of the till: pure functions over plain values, standard library only."""
