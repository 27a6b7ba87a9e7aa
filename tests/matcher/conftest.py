from tests.encoders import encoder, encoder_folder

__all__ = ["encoder", "encoder_folder"]
