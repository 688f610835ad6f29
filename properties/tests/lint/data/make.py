"""Writes the arrays of this folder: the same mask as NumPy and safetensors write it. Run once, with numpy 2.4.6 and safetensors."""
import io, pathlib
import numpy as np
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent
mask = np.array([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [1, 1, 0, 0, 0]])
positions = np.array([[0, 1, 2, 3, 4], [1, 1, 0, 1, 2], [0, 1, 1, 1, 1]])
np.save(here / "mask_int64.npy", mask)
np.save(here / "mask_bool.npy", mask.astype(bool))
np.save(here / "mask_fortran.npy", np.asfortranarray(mask.astype(np.int32)))
np.save(here / "mask_big_endian.npy", mask.astype(">i4"))
np.save(here / "mask_float16.npy", mask.astype(np.float16))
np.save(here / "bias.npy", np.where(mask == 1, 0, -np.inf).astype(np.float32))
np.save(here / "mask_3d.npy", mask[:, None, :])
with open(here / "mask_version2.npy", "wb") as file:
    np.lib.format.write_array(file, mask.astype(np.uint8), version=(2, 0))
np.savez(here / "batch.npz", attention_mask=mask, position_ids=positions)
np.savez_compressed(here / "batch_compressed.npz", attention_mask=mask, position_ids=positions)
np.savez(here / "two_masks.npz", chosen=mask, rejected=mask[:, ::-1])
save_file({"attention_mask": mask.astype(np.int32), "position_ids": positions}, here / "batch.safetensors")
