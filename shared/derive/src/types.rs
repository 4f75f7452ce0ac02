//! The field types that the macros recognize by name.

use quote::ToTokens;
use syn::{Error, Result, Type};

/// What a field's type can declare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// `f32` and `Vec2`: a range in units and a grid.
    Real { parts: usize },
    /// Integers and `IVec2`: a range in integers. `least` and `most` are the limits of the type (and of a
    /// row).
    Whole { parts: usize, least: i64, most: i64, has_default: bool },
    /// `bool`, `Button`, a `Choice` and every other type that implements `FieldType` with its own grid.
    Fixed,
}

impl Class {
    /// The class of a type, by the last segment of its path.
    pub(crate) fn of(ty: &Type) -> Result<Self> {
        let (i32_least, i32_most) = (i64::from(i32::MIN), i64::from(i32::MAX));
        let whole = |parts, least, most, has_default| Self::Whole { parts, least, most, has_default };
        Ok(match last_segment(ty)?.as_str() {
            "f32" => Self::Real { parts: 1 },
            "Vec2" => Self::Real { parts: 2 },
            "u8" => whole(1, 0, 255, true),
            "i8" => whole(1, -128, 127, true),
            "u16" => whole(1, 0, 65_535, true),
            "i16" => whole(1, -32_768, 32_767, true),
            "i32" => whole(1, i32_least, i32_most, false),
            "u32" => whole(1, 0, i32_most, false),
            "IVec2" => whole(2, i32_least, i32_most, false),
            "f64" | "DVec2" => return Err(unusable(ty, "`f32` or `Vec2` with a `range` and a `grid`")),
            "i64" | "u64" | "i128" | "u128" | "isize" | "usize" => {
                return Err(unusable(ty, "`i32` or `u32` with a `range`"));
            }
            "Vec3" | "Vec3A" | "Vec4" | "IVec3" | "UVec2" | "Quat" => {
                return Err(unusable(ty, "`Vec2` or `IVec2` and single numbers"));
            }
            "PlayerId" => return Err(unusable(ty, "its number, `id.0`, in a `u16`; 0 is no player")),
            "EntityId" => {
                return Err(unusable(ty, "its number, `id.0`, in a `u32` with a `range`; 0 is no entity"));
            }
            "Option" => {
                return Err(unusable(ty, "a value that means none, or a second field, a `bool`"));
            }
            "String" | "str" | "char" | "Vec" | "Box" => {
                return Err(unusable(
                    ty,
                    "numbers, `bool` and choices (`#[derive(Choice)]`); send news and texts as events",
                ));
            }
            _ => Self::Fixed,
        })
    }

    /// The components of a field that can be predicted.
    pub(crate) fn predicted_parts(self) -> Option<usize> {
        match self {
            Self::Real { parts } | Self::Whole { parts, .. } => Some(parts),
            Self::Fixed => None,
        }
    }
}

/// A type as written in the source, without the spaces that the token printer adds.
pub(crate) fn display(ty: &Type) -> String {
    ty.to_token_stream().to_string().replace(' ', "")
}

fn last_segment(ty: &Type) -> Result<String> {
    match ty {
        Type::Path(path) => {
            Ok(path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default())
        }
        Type::Group(inner) => last_segment(&inner.elem),
        Type::Paren(inner) => last_segment(&inner.elem),
        Type::Macro(_) => Ok(String::new()),
        other => Err(unusable(other, "one named field for each number")),
    }
}

fn unusable(ty: &Type, instead: &str) -> Error {
    Error::new_spanned(ty, format!("a field cannot be of type `{}`: use {instead}", display(ty)))
}
