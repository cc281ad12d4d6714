"""A rehearsal of a whole run in a few minutes: a short real run is measured, the long one is simulated from that.

`trial` runs and watches, `observing` looks at processes, `costs` measures, `writing` writes as many answers as there
will be, `scenarios` simulates, `resources` looks at disk and memory, `verdict` judges. It has nothing to do with
`engines.rehearsal`, which tries a model's precision on prompts.
"""
